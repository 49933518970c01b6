"""New presentations: what is told from the library's plain text, and what from its tree."""

import pytest

from tests.fakes.office.packages import make_package, make_relations, pptx_parts

_DRAWING = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'


def put_into_slide(parts, shapes, number=1):
    """Put shapes into a slide, after what is in it."""
    name = f"ppt/slides/slide{number}.xml"
    parts[name] = parts[name].replace("</p:spTree>", f"{shapes}</p:spTree>")
    return parts


def make_box(*paragraphs):
    lines = "".join(f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>" for text in paragraphs)
    return (
        '<p:sp><p:nvSpPr><p:cNvPr id="9" name="Box"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr/>'
        f"<p:txBody><a:bodyPr/>{lines}</p:txBody></p:sp>"
    )


def make_table(rows):
    """A table: rows of cells, each a list of paragraphs."""
    cells = [
        [
            "".join(f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>" for text in paragraphs)
            for paragraphs in row
        ]
        for row in rows
    ]
    lines = "".join(
        "<a:tr>" + "".join(f"<a:tc><a:txBody>{one}</a:txBody></a:tc>" for one in row) + "</a:tr>"
        for row in cells
    )
    return (
        '<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="8" name="Table"/></p:nvGraphicFramePr>'
        '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/table">'
        f"<a:tbl><a:tblPr/><a:tblGrid/>{lines}</a:tbl></a:graphicData></a:graphic></p:graphicFrame>"
    )


def test_rows_of_a_table_stay_rows(read):
    table = make_table([[["Berth"], ["Fee"]], [["B14"], ["112.15"]]])
    parts = put_into_slide(pptx_parts(["Fees", "next"]), table)
    assert read(make_package(parts)).texts == ["Fees\n\nBerth | Fee\nB14 | 112.15", "next"]


def test_a_cell_of_two_lines_does_not_divide_its_row(read):
    table = make_table([[["Berth"], ["Fee"]], [["B14", "south"], ["112.15"]]])
    parts = put_into_slide(pptx_parts(["Fees", "next"]), table)
    assert read(make_package(parts)).texts == ["Fees\nBerth | Fee\nB14 south | 112.15", "next"]


def test_a_rule_that_someone_has_typed_begins_no_slide(read):
    parts = put_into_slide(pptx_parts(["before", "next"]), make_box("---") + make_box("after"))
    assert read(make_package(parts)).texts == ["before\n---\nafter", "next"]


@pytest.mark.parametrize("target", ["slides/slide{}.xml", "/ppt/slides/slide{}.xml"])
def test_a_hidden_slide_says_so(read, target):
    """In the order of the presentation, which need not be that of its parts."""
    parts = pptx_parts(["first", "second", "third"])
    order = [("r1", 3), ("r2", 1), ("r3", 2)]
    parts["ppt/_rels/presentation.xml.rels"] = make_relations(
        (one, "slide", target.format(number)) for one, number in order
    )
    parts["ppt/slides/slide1.xml"] = parts["ppt/slides/slide1.xml"].replace(
        "<p:sld ", '<p:sld show="0" '
    )
    assert read(make_package(parts)).texts == ["third", "(hidden slide)\nfirst", "second"]


def test_slides_are_counted_wherever_their_parts_lie(read):
    parts = pptx_parts(["first", "", "third"])
    for name in ("ppt/_rels/presentation.xml.rels", "[Content_Types].xml"):
        parts[name] = parts[name].replace('"slides/slide2.xml', '"/other/two.xml')
        parts[name] = parts[name].replace("/ppt/slides/slide2.xml", "/other/two.xml")
    parts["other/two.xml"] = parts.pop("ppt/slides/slide2.xml")
    assert read(make_package(parts)).texts == ["first", "", "third"]
    parts["other/two.xml"] = parts["other/two.xml"].replace("<p:sld ", '<p:sld show="0" ')
    assert read(make_package(parts)).texts == ["first", "(hidden slide)", "third"]


def test_a_picture_says_what_it_shows(read):
    picture = '<p:pic><p:nvPicPr><p:cNvPr id="7" name="P" descr="A red boat"/></p:nvPicPr></p:pic>'
    shown = put_into_slide(pptx_parts(["Boats"]), picture)
    assert read(make_package(shown)).texts == ["Boats\n\n[A red boat]"]
    beside_a_blank_slide = put_into_slide(pptx_parts(["Boats", ""]), picture)
    assert read(make_package(beside_a_blank_slide)).texts == ["Boats\nA red boat", ""]


def test_sections_are_no_slides(read):
    """A deck with sections lists its slides twice, and is still read by its plain text."""
    table = make_table([[["Berth"], ["Fee"]], [["B14"], ["112.15"]]])
    parts = put_into_slide(pptx_parts(["Fees", "next"]), table)
    listed = "".join(f'<p14:sldId id="{number}"/>' for number in (256, 257))
    sections = (
        '<p:extLst><p:ext uri="{521415D9-36F7-43E2-AB2F-B90AF26B5E84}"><p14:sectionLst '
        'xmlns:p14="http://schemas.microsoft.com/office/powerpoint/2010/main"><p14:section '
        f'name="All"><p14:sldIdLst>{listed}</p14:sldIdLst></p14:section></p14:sectionLst></p:ext>'
        "</p:extLst></p:presentation>"
    )
    name = "ppt/presentation.xml"
    parts[name] = parts[name].replace("</p:presentation>", sections)
    # What the library's tree says has no empty line above the table.
    assert read(make_package(parts)).texts == ["Fees\n\nBerth | Fee\nB14 | 112.15", "next"]


def test_a_hidden_slide_of_a_package_without_the_folder_of_office_says_so(read):
    parts = pptx_parts(["first", "second"])
    parts["ppt/slides/slide2.xml"] = parts["ppt/slides/slide2.xml"].replace(
        "<p:sld ", '<p:sld show="0" '
    )
    renamed = {
        name.replace("ppt/", "other/"): content.replace("ppt/", "other/")
        for name, content in parts.items()
    }
    assert read(make_package(renamed)).texts == ["first", "(hidden slide)\nsecond"]


def test_what_a_master_shows_stands_on_the_first_slide(read):
    parts = pptx_parts(["first", "second"])
    master = parts["ppt/slides/slide1.xml"].replace("p:sld", "p:sldMaster")
    parts["ppt/slideMasters/slideMaster1.xml"] = master.replace("first", "on all slides")
    layout = parts["ppt/slides/slide1.xml"].replace("p:sld", "p:sldLayout").replace("first", "")
    parts["ppt/slideLayouts/slideLayout1.xml"] = layout
    relations = {
        "slides/slide1": ("slideLayout", "../slideLayouts/slideLayout1.xml"),
        "slides/slide2": ("slideLayout", "../slideLayouts/slideLayout1.xml"),
        "slideLayouts/slideLayout1": ("slideMaster", "../slideMasters/slideMaster1.xml"),
    }
    for part, (kind, target) in relations.items():
        folder, name = part.split("/")
        parts[f"ppt/{folder}/_rels/{name}.xml.rels"] = make_relations([("r1", kind, target)])
    listed = [("r1", "slide", "slides/slide1.xml"), ("r2", "slide", "slides/slide2.xml")]
    listed.append(("r3", "slideMaster", "slideMasters/slideMaster1.xml"))
    parts["ppt/_rels/presentation.xml.rels"] = make_relations(listed)
    parts["ppt/presentation.xml"] = parts["ppt/presentation.xml"].replace(
        "<p:sldIdLst>",
        '<p:sldMasterIdLst><p:sldMasterId id="9" r:id="r3"/></p:sldMasterIdLst><p:sldIdLst>',
    )
    assert read(make_package(parts)).texts == ["first\non all slides", "second"]
