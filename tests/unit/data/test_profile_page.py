"""Pages about tables: complete, alone, and safe to open."""

import html.parser
import re

import polars as pl
import pytest

from groundwork.data import drift, drift_page, profile, profile_page
from groundwork.data._page_parts import number, share, text

NASTY = "<script>alert('x')</script>\"&\0\n"
TABLE = pl.DataFrame(
    {
        "amount": [i * 1.5 for i in range(100)],
        "kind": ["a", "b", None, "d"] * 25,
        "constant": [7] * 100,
        "empty": pl.Series([None] * 100, dtype=pl.Int64),
        "id": [f"r{i}" for i in range(100)],
        "day": [i % 31 for i in range(100)],
        "at": pl.Series(range(100)).cast(pl.Datetime("us", "UTC")),
        "nested": [[1]] * 100,
        NASTY: [NASTY] * 100,
    }
)


class Page(html.parser.HTMLParser):
    VOID = frozenset(("meta", "br", "rect", "line"))

    def __init__(self, source):
        super().__init__()
        self.open, self.tags, self.links, self.ids = [], [], [], []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert tag in self.VOID or self.open.pop() == tag


@pytest.fixture
def pages():
    moved = TABLE.with_columns(pl.col("amount") + 90, pl.lit("new").alias("kind"))
    return [profile_page(profile(TABLE), title=NASTY, notes=[NASTY]), drift_page(drift(TABLE, moved), notes=[NASTY])]


def test_a_page_is_well_formed_and_fetches_nothing(pages):
    for source in pages:
        page = Page(source)

        assert [] == page.open
        assert {"script", "link", "img", "iframe"}.isdisjoint(page.tags)
        assert all(link.startswith("#") for link in page.links)
        assert {link[1:] for link in page.links} <= {*page.ids}
        assert not re.search(r"url\(|@import|https?:", source)
        assert "\0" not in source


def test_every_column_is_listed_and_drawn(pages):
    page = pages[0]

    assert TABLE.width == page.count('<section class="card column"')
    assert 2 == page.count('aria-label="Histogram of ')
    for label in ("constant", "no values", "all different"):
        assert f">{label}</span>" in page
    assert "Most frequent values of kind" in page
    assert '<h3>kind</h3><span class="badge plain">String</span>' in page


def test_what_has_drifted_is_drawn_with_both_shares(pages):
    page = pages[1]

    assert 2 == page.count('<section class="card column"')
    assert "Shares of amount in both tables" in page
    assert '<span class="badge bad">severe</span>' in page


def test_the_same_profile_gives_the_same_bytes():
    assert profile_page(profile(TABLE)) == profile_page(profile(TABLE.clone()))


def test_beyond_five_hundred_columns_only_the_list_goes_on():
    wide = profile(pl.DataFrame({f"c{i}": [1, 2] for i in range(503)}))

    page = profile_page(wide)

    assert 500 == page.count('<section class="card column"')
    assert "The other 3 columns stand in the list only." in page
    assert ">c502<" in page


def test_a_table_without_rows_or_drift_has_a_page():
    empty = pl.DataFrame(schema={"a": pl.Int64, "b": pl.String})

    assert "<b>0</b><span>rows</span>" in profile_page(profile(empty))
    assert "What has moved" not in drift_page(drift(empty, empty))


def test_an_estimate_is_said_to_be_one(tmp_path):
    from groundwork.data import Dataset

    frame = pl.DataFrame({"x": range(2000)})
    page = profile_page(profile(Dataset.scan(frame), exact_values=10))

    assert '<span class="badge care">approximate</span>' in page
    assert "about " in page


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (2013, "2013"),
        (12_345, "12,345"),
        (0.00012, "0.00012"),
        (123_456.78, "123,456.8"),
        (1e300, "1e+300"),
        (float("nan"), "\u2013"),
        (float("inf"), "inf"),
        (None, "\u2013"),
        (True, "True"),
        ("<b>", "&lt;b&gt;"),
    ],
)
def test_numbers_are_written_for_people(value, shown):
    assert shown == number(value)


def test_shares_never_round_to_nothing_or_to_all():
    assert ["<0.1%", "0.5%", "12%", "99.6%", "100%", "0%"] == [share(n, 10_000) for n in (1, 50, 1200, 9960, 10_000, 0)]
    assert "0%" == share(1, 0)
    assert "a&amp;b" == text("a&b")


def test_infinite_numbers_are_told():
    page = profile_page(profile(pl.DataFrame({"a": [1.0, 2.0, float("inf"), None]})))

    assert '<dt>infinite</dt><dd title="1 (25%)">1 (25%)</dd>' in page
    assert '<dt>maximum</dt><dd title="inf">inf</dd>' in page


def test_what_has_moved_is_told_beside_the_figures_and_does_not_repeat_them():
    before = TABLE.select("amount", "kind", "day", gone=1)
    now = before.select(pl.col("amount") + 90, pl.lit("new").alias("kind"), pl.col("day").cast(pl.Float64), came=1)
    page = drift_page(drift(before, now))

    told = set(re.findall(r'<span title="([^"]*)">', page))
    moved = "missing 25.0% -&gt; 0.0%; 1 new: new; 3 vanished: a, b, d"
    assert {"new", "no longer there", "Int64 became Float64", "", moved} == told


def test_a_single_card_is_no_wider_than_one_of_many(pages):
    # auto-fit would stretch it over the page, and the text of its drawing to twice its size.
    assert all("repeat(auto-fill, minmax(min(100%, 500px), 1fr))" in page for page in pages)
