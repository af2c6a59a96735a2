"""One page to print, mail or paste: whole in itself, readable by everybody."""

import base64
from dataclasses import replace
from html.parser import HTMLParser

from auditbot.model import Message
from auditbot.say import page, preview
from tests.saying import CATALOGUE, WORDS


class Read(HTMLParser):
    """Tags with their attributes, text, and whether all tags were closed."""

    VOID = frozenset(("meta", "br", "img", "link"))

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


SHOWN = preview.preview(WORDS, CATALOGUE)
PAGE = page.html(WORDS, SHOWN, title="Every message")


def test_the_page_is_whole_in_itself() -> None:
    read = Read(PAGE)
    assert not read.open
    assert not read.named("script")
    assert not read.named("link")
    sources = [attrs["src"] for attrs in read.named("img")]
    assert sources
    assert all(s and s.startswith("data:image/png;base64,") for s in sources)
    first = base64.b64decode(str(sources[0]).partition(",")[2])
    assert first.startswith(b"\x89PNG")
    assert "url(" not in PAGE
    assert "@import" not in PAGE


def test_the_page_can_be_read_by_everybody() -> None:
    read = Read(PAGE)
    assert read.named("html")[0]["lang"] == "en-GB"
    assert any(m.get("name") == "viewport" for m in read.named("meta"))
    assert all(len(str(i["alt"])) > 40 for i in read.named("img"))
    assert len(read.named("h1")) == 1
    assert len(read.named("h2")) == len(SHOWN)
    labels = {a["aria-labelledby"] for a in read.named("article")}
    assert labels == {h["id"] for h in read.named("h2")}
    assert "@page" in PAGE


def test_it_says_what_the_message_says() -> None:
    heading, message = SHOWN[0]
    text = " ".join(Read(page.html(WORDS, [(heading, message)], title="One")).text.split())
    assert "82 in 100 patients" in text
    assert "One thing to try" in text
    assert "What could we try?" in text
    assert "**" not in text


def test_data_stays_data() -> None:
    wild = Message(
        "digest",
        "**Ward** \\*6\\* <script>alert(1)</script>",
        ("a [b](https://x.example/?a=1&b=2)",),
        "",
    )
    text = page.html(WORDS, [("<b>", wild)], title="A & B <i>")
    read = Read(text)
    assert not read.named("script")
    assert "Ward *6* <script>alert(1)</script>" in read.text
    assert [a["href"] for a in read.named("a")] == ["https://x.example/?a=1&b=2"]
    assert len(read.named("strong")) == 1


def test_tables_and_replies_are_shown() -> None:
    reply = Message("further", "A further line.", (), "")
    m = replace(
        Message("digest", "Headline.", (), ""),
        table=(("Measure", "Figure"), ("Surgery", "82")),
        thread=(reply,),
    )
    read = Read(page.html(WORDS, [("", m)], title="One"))
    assert len(read.named("th")) == 2
    assert "A further line." in read.text
    assert not read.named("h2")
