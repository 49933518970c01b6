"""A recogniser: the process that decodes untrusted pictures. Started by `Recogniser`.

It speaks the protocol of the readers of documents, in the same jail, with the same limits.
"""

import gc
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from pipeline.extraction.confinement.child_process import (
    OUT_OF_MEMORY,
    end_with_parent,
    silence_engines,
    take_standard_output,
    write_frame,
)
from pipeline.extraction.confinement.jail import enter_jail
from pipeline.extraction.confinement.resource_limits import limit_document_cpu, limit_process
from pipeline.extraction.protocol import (
    MAX_PART_BYTES,
    Frame,
    FrameKind,
    RequestKind,
    decode_request,
    encode_cause,
)
from pipeline.recognition.leptonica import UnreadablePictureError
from pipeline.recognition.tesseract import Tesseract
from shared.errors import RejectionCode


def main() -> None:
    """Serve requests until the parent closes the pipe.

    Arguments on the command line: bytes of address space, most characters of a page, the folder of
    the languages' data, names of languages.
    """
    memory_bytes, _ = (int(argument) for argument in sys.argv[1:3])
    data_folder, *languages = sys.argv[3:]
    threading.Thread(target=end_with_parent, daemon=True).start()
    answers = take_standard_output()
    silence_engines()
    engine = Tesseract(Path(data_folder), tuple(languages))
    limit_process(memory_bytes)
    enter_jail()
    gc.freeze()
    serve(sys.stdin.buffer, answers, engine)


def serve(requests: IO[bytes], answers: IO[bytes], engine: Tesseract) -> None:
    """Answer each request, in order."""
    write_frame(answers, Frame(FrameKind.READY))
    for line in requests:
        kind, arguments = decode_request(line)
        path, cpu_seconds = Path(str(arguments[0])), float(arguments[1])
        if kind is RequestKind.RECOGNISE:
            write_frame(answers, _recognise(path, cpu_seconds, engine))
        elif kind is RequestKind.PACK:
            for frame in _pack(path, cpu_seconds, engine):
                write_frame(answers, frame)


def _recognise(path: Path, cpu_seconds: float, engine: Tesseract) -> Frame:
    started_seconds = time.process_time()
    limit_document_cpu(cpu_seconds)
    try:
        words = engine.read(path).model_dump_json()
    except UnreadablePictureError as error:
        return Frame(FrameKind.PAGE_FAILED, text=encode_cause(RejectionCode.DAMAGED, str(error)))
    except MemoryError:
        return Frame(
            FrameKind.PAGE_FAILED, text=encode_cause(RejectionCode.OVER_LIMITS, OUT_OF_MEMORY)
        )
    cpu_milliseconds = int((time.process_time() - started_seconds) * 1000)
    return Frame(FrameKind.PAGE_WORDS, cpu_milliseconds=cpu_milliseconds, text=words)


def _pack(path: Path, cpu_seconds: float, engine: Tesseract) -> Iterator[Frame]:
    limit_document_cpu(cpu_seconds)
    try:
        packed = engine.pack(path)
    except UnreadablePictureError as error:
        yield Frame(FrameKind.PICTURE_ENDS, text=str(error))
    except MemoryError:
        yield Frame(FrameKind.PICTURE_ENDS, text=OUT_OF_MEMORY)
    else:
        for start in range(0, len(packed), MAX_PART_BYTES):
            yield Frame(FrameKind.PICTURE_PART, data=packed[start : start + MAX_PART_BYTES])
        yield Frame(FrameKind.PICTURE_ENDS)


if __name__ == "__main__":
    main()
    os._exit(0)
