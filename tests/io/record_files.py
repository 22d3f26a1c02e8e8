"""Writes files of records as Python's own packages do, and beside each what Python reads from it as JSON lines.

record_files.py FOLDER: FOLDER/<name> and FOLDER/<name>.expected, and FOLDER/names, a line for each.
"""
import csv
import datetime
import decimal
import gzip
import json
import pathlib
import random
import sys

import pyarrow as pa
import pyarrow.parquet as pq

folder = pathlib.Path(sys.argv[1])
names = []
random.seed(7)

SPECIAL = ["", " ", "plain", "comma, here", 'a "quoted" word', '"', '""', "line\nbreak", "cr\r\nlf", "\ttab", "'", "é ß 漢字 😀",
           "\u2028 separator", "=1+1", "007", "1e5", "null", "\\frac{1}{2}", "{\"a\": 1}", "x" * 5000, "NaN", "\\"]


def plain(value):
    """What JSON has of a Python value: the rules of io/parquet/open.h."""
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and value != value:
        return None
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, datetime.datetime):
        return (value.astimezone(datetime.timezone.utc) if value.tzinfo else value).isoformat()
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    return value


def expect(name, records):
    names.append(name)
    lines = [json.dumps(plain(record)) for record in records]
    (folder / f"{name}.expected").write_text("".join(line + "\n" for line in lines))


def compressed(name, content):
    """The bytes as they are, as gzip in two members, and as zstd in two frames."""
    (folder / name).write_bytes(content)
    half = len(content) // 2
    (folder / f"{name}.gz").write_bytes(gzip.compress(content[:half]) + gzip.compress(content[half:]))
    frames = b""
    for part in (content[:half], content[half:]):
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, "zstd") as out:
            out.write(part)
        frames += sink.getvalue().to_pybytes()
    (folder / f"{name}.zst").write_bytes(frames)
    return [name, f"{name}.gz", f"{name}.zst"]


def text_files():
    records = [{"id": str(i), "question": random.choice(SPECIAL) + str(i), "answer": random.choice(SPECIAL)}
               for i in range(600)]
    for name, dialect, bom, end in [("comma.csv", "excel", b"", "\r\n"), ("unix.csv", "unix", b"", "\n"),
                                    ("bom.csv", "excel", b"\xef\xbb\xbf", "\n"), ("tab.tsv", "excel-tab", b"", "\r\n")]:
        path = folder / "table"
        with open(path, "w", newline="", encoding="utf-8") as out:
            writer = csv.DictWriter(out, ["id", "question", "answer"], dialect=dialect, lineterminator=end)
            writer.writeheader()
            writer.writerows(records)
        with open(path, newline="", encoding="utf-8") as table:
            read = list(csv.DictReader(table, dialect=dialect))
        for written in compressed(name, bom + path.read_bytes()):
            expect(written, read)
    for ascii_only in (True, False):
        lines = [json.dumps(record, ensure_ascii=ascii_only) for record in records]
        for written in compressed(f"lines{ascii_only}.jsonl", "\n".join(lines).encode()):
            expect(written, records)
        for indent in (None, 2):
            text = json.dumps(records, ensure_ascii=ascii_only, indent=indent)
            for written in compressed(f"list{ascii_only}{indent}.json", text.encode()):
                expect(written, records)
    holder = {"about": {"n": [1, 2, [3]], "t": "}]\\\""}, "none": [], "examples": records, "after": [[{"a": 1}], "b"]}
    for written in compressed("holder.json", json.dumps(holder, indent=1).encode()):
        expect(written, records)


def typed_table(rows):
    def column(kind, make, nulls=True):
        return pa.array([None if nulls and random.random() < 0.2 else make(i) for i in range(rows)], kind)

    text = lambda i: random.choice(SPECIAL) + str(i)
    utc = datetime.datetime(2024, 2, 29, 23, 59, 59, 123456)
    solution = pa.struct([("steps", pa.list_(pa.string())), ("score", pa.float64()),
                          ("meta", pa.struct([("level", pa.int32()), ("tags", pa.list_(pa.struct([("t", pa.string())])))]))])
    make_solution = lambda i: {"steps": [text(i)] * (i % 3), "score": i / 7,
                               "meta": None if i % 5 == 0 else {"level": i, "tags": [{"t": text(i)}, None]}}
    return pa.table({
        "question": column(pa.string(), text, nulls=False),
        "large": column(pa.large_string(), text),
        "coded": column(pa.string(), lambda i: f"kind {i % 4}").dictionary_encode(),
        "bytes": column(pa.binary(), lambda i: text(i).encode()),
        "fixed": column(pa.binary(4), lambda i: b"%04d" % (i % 10000)),
        "b": column(pa.bool_(), lambda i: i % 3 == 0),
        "i8": column(pa.int8(), lambda i: i % 256 - 128), "u64": column(pa.uint64(), lambda i: 2**64 - 1 - i),
        "i16": column(pa.int16(), lambda i: -i), "u16": column(pa.uint16(), lambda i: i),
        "i64": column(pa.int64(), lambda i: -2**63 + i), "u32": column(pa.uint32(), lambda i: 2**32 - 1 - i),
        "f16": column(pa.float16(), lambda i: i / 8), "f32": column(pa.float32(), lambda i: i / 3),
        "f64": column(pa.float64(), lambda i: float("nan") if i % 7 == 0 else i / 3),
        "money": column(pa.decimal128(20, 2), lambda i: decimal.Decimal(i - 50) / 4),
        "huge": column(pa.decimal256(60, 5), lambda i: decimal.Decimal(10) ** 40 + i),
        "day": column(pa.date32(), lambda i: datetime.date(1900, 1, 1) + datetime.timedelta(days=97 * i)),
        "day64": column(pa.date64(), lambda i: datetime.date(1969, 12, 31) + datetime.timedelta(days=i)),
        "clock": column(pa.time64("us"), lambda i: datetime.time(i % 24, i % 60, 7, i % 2 * 1000)),
        "clock32": column(pa.time32("s"), lambda i: datetime.time(i % 24, 3, i % 60)),
        "when": column(pa.timestamp("us"), lambda i: utc - datetime.timedelta(days=400 * i)),
        "when_ms": column(pa.timestamp("ms", tz="Europe/Vienna"), lambda i: utc.replace(microsecond=i % 2 * 5000)),
        "when_ns": column(pa.timestamp("ns"), lambda i: utc.replace(microsecond=i)),
        "nothing": pa.nulls(rows),
        "texts": column(pa.list_(pa.string()), lambda i: [text(i), None] * (i % 3)),
        "large_texts": column(pa.large_list(pa.large_string()), lambda i: [text(i)]),
        "pair": column(pa.list_(pa.int64(), 2), lambda i: [i, None]),
        "matrix": column(pa.list_(pa.list_(pa.float32())), lambda i: [[0.5, i], [], None]),
        "map": column(pa.map_(pa.string(), pa.int64()), lambda i: [(f"k{k}", k) for k in range(i % 4)]),
        "solution": column(solution, make_solution),
    })


def parquet_files():
    table = typed_table(1000)
    for codec in ["none", "snappy", "gzip", "zstd", "brotli", "lz4"]:
        pq.write_table(table, folder / f"{codec}.parquet", compression=codec, row_group_size=170)
        expect(f"{codec}.parquet", pq.read_table(folder / f"{codec}.parquet").to_pylist())
    pq.write_table(table, folder / "v1.parquet", version="1.0", data_page_version="2.0", use_dictionary=False, store_schema=False)
    expect("v1.parquet", pq.read_table(folder / "v1.parquet").to_pylist())
    pq.write_table(table.slice(0, 0), folder / "empty.parquet")
    expect("empty.parquet", [])


def bad_files():
    """What is refused; the test knows why."""
    def put(name, **columns):
        pq.write_table(pa.table(columns), folder / name)

    put("number.parquet", question=[1, 2])
    put("duration.parquet", question=["a"], time=[datetime.timedelta(1)])
    put("image.parquet", question=["a", "b"], image=[b"text", b"\xff\xd8"])
    put("infinity.parquet", question=["a"], answer=[float("inf")])
    twice = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["question", "question"])
    pq.write_table(twice, folder / "twice.parquet")
    whole = (folder / "none.parquet").read_bytes()
    (folder / "cut.parquet").write_bytes(whole[:len(whole) // 2])
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    (folder / "footer.parquet").write_bytes(whole[:footer] + bytes(100) + whole[footer + 100:])
    (folder / "page.parquet").write_bytes(whole[:4] + bytes(20000) + whole[20004:])
    (folder / "plain.jsonl").write_bytes(whole)
    (folder / "lines.parquet").write_bytes(b'{"question": "a"}\n')


text_files()
parquet_files()
bad_files()
(folder / "names").write_text("".join(name + "\n" for name in names))
