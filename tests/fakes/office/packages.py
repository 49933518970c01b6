"""Packages of XML parts, as small as the programs that read them allow."""

import io
import zipfile
from xml.sax.saxutils import escape

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_P = (
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
)
_R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument"
_ODF = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in (
        *(("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing")),
        ("presentation", "presentation"),
    )
)
_ODF_TYPE = "application/vnd.oasis.opendocument"


def make_package(parts, compression=zipfile.ZIP_DEFLATED):
    """A ZIP archive of parts; the first is stored, as OpenDocument wants its `mimetype`."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", compression) as archive:
        for name, content in parts.items():
            kept = zipfile.ZIP_STORED if name == "mimetype" else compression
            archive.writestr(zipfile.ZipInfo(name), content, kept)
    return data.getvalue()


def make_open_xml(main, kind, parts, relations=""):
    """A package of Office: `main` is its main part, `kind` what that is."""
    types = "".join(
        f'<Override PartName="/{name}" ContentType="{_TYPE}.{kind_of}+xml"/>'
        for name, (kind_of, _) in {**parts, main: (kind, "")}.items()
        if kind_of
    )
    return {
        "[Content_Types].xml": '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org'
        '/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.'
        'openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType='
        f'"application/xml"/>{types}</Types>',
        "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relation'
        f'ships"><Relationship Id="r1" Type="{_RELATION}/officeDocument" Target="{main}"/>'
        "</Relationships>",
        **{name: content for name, (_, content) in parts.items()},
    }


def make_relations(targets):
    """The relations of a part: (id, kind, target)."""
    return (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        + "".join(
            f'<Relationship Id="{one}" Type="{_RELATION}/{kind}" Target="{target}"/>'
            for one, kind, target in targets
        )
        + "</Relationships>"
    )


def docx_parts(blocks):
    """The parts of a Word document: (heading, text) pairs; no heading, no heading."""
    body = ""
    for heading, text in blocks:
        if heading:
            body += (
                '<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t xml:space="preserve">'
                f"{escape(heading)}</w:t></w:r></w:p>"
            )
        body += f'<w:p><w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'
    return make_open_xml(
        "word/document.xml",
        "wordprocessingml.document.main",
        {
            "word/document.xml": (
                "",
                f'<?xml version="1.0"?><w:document {_W}><w:body>{body}</w:body></w:document>',
            ),
            "word/styles.xml": (
                "wordprocessingml.styles",
                f'<w:styles {_W}><w:style w:type="paragraph" w:styleId="Heading1">'
                '<w:name w:val="heading 1"/><w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style>'
                "</w:styles>",
            ),
            "word/_rels/document.xml.rels": ("", make_relations([("r1", "styles", "styles.xml")])),
        },
    )


def xlsx_parts(sheets):
    """The parts of a workbook: name and rows of each sheet, which is at most 26 cells wide."""
    names = "".join(
        f'<sheet name="{escape(name)}" sheetId="{n}" r:id="r{n}"/>'
        for n, name in enumerate(sheets, start=1)
    )
    parts = {
        "xl/workbook.xml": ("", f"<workbook {_S} {_R}><sheets>{names}</sheets></workbook>"),
        "xl/_rels/workbook.xml.rels": (
            "",
            make_relations(
                (f"r{n}", "worksheet", f"worksheets/sheet{n}.xml")
                for n, _ in enumerate(sheets, start=1)
            ),
        ),
    }
    for number, rows in enumerate(sheets.values(), start=1):
        lines = "".join(
            f'<row r="{r}">'
            + "".join(
                f'<c r="{chr(64 + c)}{r}" t="inlineStr"><is><t>{escape(str(cell))}</t></is></c>'
                for c, cell in enumerate(row, start=1)
            )
            + "</row>"
            for r, row in enumerate(rows, start=1)
        )
        corner = f"{chr(64 + max(map(len, rows), default=1))}{max(1, len(rows))}"
        parts[f"xl/worksheets/sheet{number}.xml"] = (
            "spreadsheetml.worksheet",
            f'<worksheet {_S}><dimension ref="A1:{corner}"/><sheetData>{lines}</sheetData>'
            "</worksheet>",
        )
    return make_open_xml("xl/workbook.xml", "spreadsheetml.sheet.main", parts)


def pptx_parts(slides):
    """The parts of a presentation: one text for each slide."""
    ids = "".join(f'<p:sldId id="{255 + n}" r:id="r{n}"/>' for n, _ in enumerate(slides, start=1))
    parts = {
        "ppt/presentation.xml": (
            "",
            f"<p:presentation {_P} {_R}><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>",
        ),
        "ppt/_rels/presentation.xml.rels": (
            "",
            make_relations(
                (f"r{n}", "slide", f"slides/slide{n}.xml") for n, _ in enumerate(slides, start=1)
            ),
        ),
    }
    for number, text in enumerate(slides, start=1):
        parts[f"ppt/slides/slide{number}.xml"] = (
            "presentationml.slide",
            f'<p:sld {_P}><p:cSld><p:spTree><p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/>'
            '<p:nvPr/></p:nvGrpSpPr><p:grpSpPr/><p:sp><p:nvSpPr><p:cNvPr id="2" name="Text"/>'
            "<p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/><a:p><a:r>"
            f"<a:t>{escape(text)}</a:t></a:r></a:p></p:txBody></p:sp></p:spTree></p:cSld></p:sld>",
        )
    return make_open_xml("ppt/presentation.xml", "presentationml.presentation.main", parts)


def open_document_parts(kind, body, manifest=""):
    """The parts of an OpenDocument file: `kind` is `text`, `spreadsheet` or `presentation`."""
    return {
        "mimetype": f"{_ODF_TYPE}.{kind}",
        "META-INF/manifest.xml": '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:'
        f'opendocument:xmlns:manifest:1.0"><manifest:file-entry manifest:full-path="content.xml">'
        f"{manifest}</manifest:file-entry></manifest:manifest>",
        "content.xml": f'<?xml version="1.0"?><office:document-content {_ODF}><office:body>'
        f"<office:{kind}>{body}</office:{kind}></office:body></office:document-content>",
    }


def odt_parts(blocks):
    """The parts of a text: (heading, text) pairs."""
    return open_document_parts(
        "text",
        "".join(
            (f"<text:h>{escape(heading)}</text:h>" if heading else "")
            + f"<text:p>{escape(text)}</text:p>"
            for heading, text in blocks
        ),
    )


def ods_parts(sheets):
    """The parts of a spreadsheet: name and rows of each sheet."""
    return open_document_parts(
        "spreadsheet",
        "".join(
            f'<table:table table:name="{escape(name)}">'
            + "".join(
                "<table:table-row>"
                + "".join(
                    f"<table:table-cell><text:p>{escape(str(cell))}</text:p></table:table-cell>"
                    for cell in row
                )
                + "</table:table-row>"
                for row in rows
            )
            + "</table:table>"
            for name, rows in sheets.items()
        ),
    )


def odp_parts(slides):
    """The parts of a presentation: one text for each slide."""
    return open_document_parts(
        "presentation",
        "".join(
            f"<draw:page><draw:frame><draw:text-box><text:p>{escape(text)}</text:p>"
            "</draw:text-box></draw:frame></draw:page>"
            for text in slides
        ),
    )


def epub_parts(chapters):
    """The parts of a book: one page of HTML for each chapter."""
    items = "".join(f'<item id="c{n}" href="c{n}.xhtml"/>' for n, _ in enumerate(chapters))
    order = "".join(f'<itemref idref="c{n}"/>' for n, _ in enumerate(chapters))
    return {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:'
        'container">'
        '<rootfiles><rootfile full-path="book/package.opf"/></rootfiles></container>',
        "book/package.opf": '<package xmlns="http://www.idpf.org/2007/opf"><manifest>'
        f"{items}</manifest><spine>{order}</spine></package>",
        **{
            f"book/c{n}.xhtml": f"<html><body>{page}</body></html>"
            for n, page in enumerate(chapters)
        },
    }
