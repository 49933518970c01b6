"""What is filled in in the fields of a form, by PDFium's form interface. Runs in the child.

A filled-in value is no part of a page's own text: it is kept in the field, and the page only shows
it. So a form that is filled in reads like an empty one unless its fields are asked.
"""

import ctypes
import math
import re
from collections.abc import Callable
from dataclasses import dataclass

import pypdfium2_raw as pdfium

_FILL_INFO_VERSION = 2
_BYTES_PER_UNIT = 2
_FIRST_ROOM_UNITS = 128
_FirstRoom = ctypes.c_ushort * _FIRST_ROOM_UNITS
_TICKED, _UNTICKED = "[x]", "[ ]"
# The state that the page shows of a box to be ticked, and those in which it is not.
_STATE, _APPEARANCE = b"AS", b"AP"
_OFF = frozenset({"", "Off"})
_KIND, _FLAGS, _VALUE, _NAME, _NAME_FOR_PEOPLE = b"FT", b"Ff", b"V", b"T", b"TU"
# Of a field's flags (ISO 32000-2, table 229).
_PUSH_BUTTON = 1 << 16
_BUTTONS = frozenset({pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON})
_CHOICES = frozenset({pdfium.FPDF_FORMFIELD_COMBOBOX, pdfium.FPDF_FORMFIELD_LISTBOX})
_OF_ONE_VALUE = frozenset({pdfium.FPDF_FORMFIELD_TEXTFIELD, pdfium.FPDF_FORMFIELD_COMBOBOX})
# A list longer than this is not one that a person has filled in.
_MAX_OPTIONS = 10_000
# Most options that a list box shows at a time.
_MAX_SHOWN_OPTIONS = 40
_CONTROLS = re.compile("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Field:
    """A field of a form, as far as a page shows it.

    Args:
        kind: One of PDFium's `FPDF_FORMFIELD_`.
        name: What it is called: the words for people where it has them, else its name in the file.
        value: What is filled in, '' if nothing is; a tick or an empty box for one to be ticked.
        is_formatted: Whether the page shows the value in another form, "1,250.00" for "1250".
        is_secret: Whether what it holds is a password, which is not told.
    """

    kind: int
    name: str
    value: str
    is_formatted: bool = False
    is_secret: bool = False

    @property
    def is_box(self) -> bool:
        """Whether it is a box to be ticked."""
        return self.kind in _BUTTONS

    @property
    def is_one_value(self) -> bool:
        """Whether it shows its value and nothing else, as a list with other options does."""
        return self.kind in _OF_ONE_VALUE

    @property
    def is_unticked(self) -> bool:
        """Whether it is a box to be ticked that is not."""
        return self.value == _UNTICKED


class Form:
    """The form of an open document. To be closed before it.

    Args:
        document: PDFium's handle of the document.
    """

    def __init__(self, document: object) -> None:
        # PDFium keeps a pointer to this, so it has to live as long as the form.
        self._fill_info = pdfium.FPDF_FORMFILLINFO(version=_FILL_INFO_VERSION)
        self._handle = pdfium.FPDFDOC_InitFormFillEnvironment(document, self._fill_info)

    def close(self) -> None:
        """Give back what PDFium holds of the form."""
        if self._handle:
            pdfium.FPDFDOC_ExitFormFillEnvironment(self._handle)
            self._handle = None

    def draw(self, page: object, bitmap: object, size: tuple[int, int], flags: int) -> None:
        """Draw the fields of a page into a picture of it, values that have no appearance too."""
        if not self._handle:
            return
        pdfium.FORM_OnAfterLoadPage(page, self._handle)
        pdfium.FPDF_FFLDraw(self._handle, bitmap, page, 0, 0, *size, 0, flags)
        pdfium.FORM_OnBeforeClosePage(page, self._handle)

    def read_field(self, annotation: object) -> Field | None:
        """The field that an annotation shows; None if it shows none.

        A password field is given as one without a value.
        """
        if not self._handle:
            return None
        kind = pdfium.FPDFAnnot_GetFormFieldType(self._handle, annotation)
        if kind <= pdfium.FPDF_FORMFIELD_UNKNOWN:
            return None
        if kind in _BUTTONS:
            is_ticked = _is_ticked(annotation)
            name = self._find_name(annotation)
            if is_ticked and kind == pdfium.FPDF_FORMFIELD_RADIOBUTTON:
                name = f"{name}: {self._find_choice(annotation)}"
            return Field(kind, name, _TICKED if is_ticked else _UNTICKED)
        if self._is_password(kind, annotation):
            return Field(kind, "", "", is_secret=True)
        value = ""
        if kind in _CHOICES:
            value = self._read_choice(kind, annotation)
        elif kind == pdfium.FPDF_FORMFIELD_TEXTFIELD:
            # Of fields with one name PDFium knows one value, and a page may show another.
            value = _read_entry(annotation, _VALUE) or self._read_value(annotation)
        if not value:
            return Field(kind, "", "")
        return Field(kind, self._find_name(annotation), value, self._is_formatted(annotation))

    def _is_password(self, kind: int, annotation: object) -> bool:
        if kind != pdfium.FPDF_FORMFIELD_TEXTFIELD:
            return False
        flags = pdfium.FPDFAnnot_GetFormFieldFlags(self._handle, annotation)
        return bool(flags & pdfium.FPDF_FORMFLAG_TEXT_PASSWORD)

    def _read_value(self, annotation: object) -> str:
        return read_string(pdfium.FPDFAnnot_GetFormFieldValue, self._handle, annotation)

    def _read_choice(self, kind: int, annotation: object) -> str:
        """The labels of the options that are chosen: the value is what a program calls them.

        A list shows the others too, so it is given with a box for each option, ticked or not.
        """
        count = min(pdfium.FPDFAnnot_GetOptionCount(self._handle, annotation), _MAX_OPTIONS)
        is_list = kind == pdfium.FPDF_FORMFIELD_LISTBOX and count <= _MAX_SHOWN_OPTIONS
        labels = []
        for option in range(count):
            is_chosen = pdfium.FPDFAnnot_IsOptionSelected(self._handle, annotation, option)
            if is_chosen or is_list:
                label = read_string(
                    pdfium.FPDFAnnot_GetOptionLabel, self._handle, annotation, option
                )
                tick = _TICKED if is_chosen else _UNTICKED
                labels.append(f"{tick} {label}" if label and is_list else label)
                # One is all that such a field shows, also where several have the same value.
                if kind == pdfium.FPDF_FORMFIELD_COMBOBOX and label:
                    break
        return ", ".join(filter(None, labels)) or self._read_value(annotation)

    def _find_name(self, annotation: object) -> str:
        return read_string(
            pdfium.FPDFAnnot_GetFormFieldAlternateName, self._handle, annotation
        ) or read_string(pdfium.FPDFAnnot_GetFormFieldName, self._handle, annotation)

    def _find_choice(self, annotation: object) -> str:
        """What the form calls a ticked box of several of which one is chosen."""
        value = self._read_value(annotation)
        return value if value not in _OFF else _read_entry(annotation, _STATE)

    def _is_formatted(self, annotation: object) -> bool:
        script_bytes = pdfium.FPDFAnnot_GetFormAdditionalActionJavaScript(
            self._handle, annotation, pdfium.FPDF_ANNOT_AACTION_FORMAT, None, 0
        )
        return bool(script_bytes > _BYTES_PER_UNIT)


def read_lone_field(annotation: object) -> Field | None:
    """The field that an annotation shows of which no form knows, as far as it tells by itself.

    Pages that were taken out of a form have such ones, and fields without a name. PDFium also does
    not know those whose kind is told further up than by their parent.
    """
    kind, state = _read_entry(annotation, _KIND), _read_entry(annotation, _STATE)
    flags = _read_flags(annotation)
    name = _read_entry(annotation, _NAME_FOR_PEOPLE) or _read_entry(annotation, _NAME)
    if state and kind in ("Btn", "") and not flags & _PUSH_BUTTON:
        value = _TICKED if _is_ticked(annotation) else _UNTICKED
        return Field(pdfium.FPDF_FORMFIELD_CHECKBOX, name, value)
    if kind not in ("Tx", "Ch"):
        return None
    if kind == "Tx" and flags & pdfium.FPDF_FORMFLAG_TEXT_PASSWORD:
        return Field(pdfium.FPDF_FORMFIELD_TEXTFIELD, "", "", is_secret=True)
    return Field(pdfium.FPDF_FORMFIELD_TEXTFIELD, name, _read_entry(annotation, _VALUE))


def _is_ticked(annotation: object) -> bool:
    """Whether a box is shown as ticked: by its state, or by its value if it says no state."""
    state = _read_entry(annotation, _STATE)
    if not state and pdfium.FPDFAnnot_HasKey(annotation, _APPEARANCE):
        state = _read_entry(annotation, _VALUE)
    return state not in _OFF


def _read_flags(annotation: object) -> int:
    flags = ctypes.c_float()
    pdfium.FPDFAnnot_GetNumberValue(annotation, _FLAGS, flags)
    # A number of very many digits is infinite as a float, and no flag is set in that.
    return int(flags.value) if math.isfinite(flags.value) else 0


def _read_entry(annotation: object, key: bytes) -> str:
    return read_string(pdfium.FPDFAnnot_GetStringValue, annotation, key)


def read_string(read: Callable[..., int], *arguments: object) -> str:
    """The string that one of PDFium's functions writes into a buffer, on one or more lines."""
    # Each call looks for the field anew, by its name: for most strings one is enough.
    units = _FirstRoom()
    size = read(*arguments, units, _FIRST_ROOM_UNITS * _BYTES_PER_UNIT)
    if size <= _BYTES_PER_UNIT:
        return ""
    if size > _FIRST_ROOM_UNITS * _BYTES_PER_UNIT:
        units = (ctypes.c_ushort * (size // _BYTES_PER_UNIT))()
        size = min(size, read(*arguments, units, size))
    # Of a text in UTF-16 that does not say so, each letter of ASCII has a zero before it.
    text = ctypes.string_at(units, size).decode("utf-16-le", errors="ignore").replace("\0", "")
    # Some of these codes mean something in the text of a page, a hyphen at a line end for one.
    return _CONTROLS.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
