#!/bin/sh
# PDFium says of a ticked box that it is not, and not what it stands for, unless the page was shown.
#
# The usual guess: what the form interface tells of a box needs the form and the box.
# What is seen: `FPDFAnnot_IsChecked` gives 0 and `FPDFAnnot_GetFormFieldExportValue` an empty text
# for a box that is ticked, without an error, until `FORM_OnAfterLoadPage` has been called for its page.
# That call also draws fields anew, in the document itself. The box's kind, its name and `/AS` are
# told without it.
#
# Versions: pypdf 7.1.0 (it writes the PDF) and pypdfium2 5.15.2 from PyPI.
# Seen on 2026-11-29. Source: fpdf_annot.h of PDFium says of both functions that they need the
# handle of the form fill module, and nothing of the page.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pypdf==7.1.0 pypdfium2==5.15.2
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import ctypes
import sys

import pypdf
import pypdfium2.raw as pdfium
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    StreamObject,
    TextStringObject,
)

writer = pypdf.PdfWriter()
page = writer.add_blank_page(100, 100)
tick = writer._add_object(StreamObject())
box = DictionaryObject(
    {
        NameObject("/Type"): NameObject("/Annot"),
        NameObject("/Subtype"): NameObject("/Widget"),
        NameObject("/FT"): NameObject("/Btn"),
        NameObject("/F"): NumberObject(4),
        NameObject("/T"): TextStringObject("way"),
        NameObject("/V"): NameObject("/sea"),
        NameObject("/AS"): NameObject("/sea"),
        NameObject("/Rect"): ArrayObject(map(FloatObject, (10, 10, 20, 20))),
        NameObject("/AP"): DictionaryObject(
            {NameObject("/N"): DictionaryObject({NameObject("/sea"): tick})}
        ),
    }
)
fields = ArrayObject([writer._add_object(box)])
page[NameObject("/Annots")] = fields
writer.root_object[NameObject("/AcroForm")] = DictionaryObject({NameObject("/Fields"): fields})
writer.write("box.pdf")


def ask(form, annotation):
    units = (ctypes.c_ushort * 20)()
    size = pdfium.FPDFAnnot_GetFormFieldExportValue(form, annotation, units, 40)
    name = bytes(units)[: max(0, size - 2)].decode("utf-16-le")
    return pdfium.FPDFAnnot_IsChecked(form, annotation), name


pdfium.FPDF_InitLibrary()
document = pdfium.FPDF_LoadDocument(b"box.pdf", None)
info = pdfium.FPDF_FORMFILLINFO(version=2)
form = pdfium.FPDFDOC_InitFormFillEnvironment(document, info)
shown = pdfium.FPDF_LoadPage(document, 0)
annotation = pdfium.FPDFPage_GetAnnot(shown, 0)
before = ask(form, annotation)
pdfium.FORM_OnAfterLoadPage(shown, form)
after = ask(form, annotation)
print("before the page is shown:", before)
print("after: ", after)
if before != (0, "") or after != (1, "sea"):
    sys.exit("this has changed")
PYTHON
