// Tables as spreadsheets, scripts, editors and hostile senders make them, each by what it is: the list behind
// packages/docs/reference/awkward-tables.md.
import { Readable } from "node:stream";

export type AwkwardTable = { name: string; content: () => string | Buffer | Readable };

const url = "https://example.com/";
const lines = (...rows: string[]) => `${rows.join("\n")}\n`;
const encoded = (text: string, encoding: BufferEncoding, bom: number[] = []) =>
  Buffer.concat([Buffer.from(bom), Buffer.from(text, encoding)]);
const swapped = (bytes: Buffer) => Buffer.from(bytes).swap16();

/** A stream of this many bytes, made as it is read. */
function* repeated(head: string, block: string, bytes: number): Generator<Buffer> {
  yield Buffer.from(head);
  const many = Buffer.from(block.repeat(Math.ceil(65_536 / block.length)));
  for (let sent = 0; sent < bytes; sent += many.length) yield many;
}

const rowsOf = (count: number) => Array.from({ length: count }, (_, n) => `${url}${n + 1}`);

export const awkwardTables: Record<string, AwkwardTable[]> = {
  "How it is written": [
    { name: "LF, a header", content: () => lines("data", `${url}1`, `${url}2`) },
    { name: "CRLF", content: () => `data\r\n${url}1\r\n${url}2\r\n` },
    { name: "CR alone, as on old Macs", content: () => `data\r${url}1\r${url}2\r` },
    { name: "no line end after the last row", content: () => `data\n${url}1` },
    { name: "a BOM, as Excel writes UTF-8", content: () => `\ufeff${lines("data", `${url}1`)}` },
    {
      name: "a BOM and quotes around the header",
      content: () => `\ufeff${lines('"data","filename"', `${url}1,menu`)}`,
    },
    { name: "quotes around everything", content: () => lines('"data"', `"${url}1"`) },
    { name: "a comma inside quotes", content: () => lines("data", `"${url}?a=1,2"`) },
    { name: "a line break inside quotes", content: () => lines("data,data_type", '"one\ntwo",text') },
    { name: "quotes inside quotes", content: () => lines("data,data_type", '"say ""hello""",text') },
    { name: "semicolons, as spreadsheets of some countries write", content: () => lines("data;filename", `${url}1;a`) },
    { name: "tabs", content: () => lines("data\tfilename", `${url}1\ta`) },
    { name: "empty lines between and after rows", content: () => lines("data", "", `${url}1`, "", "", `${url}2`, "") },
    { name: "text of many scripts", content: () => lines("data,data_type", "Grüße 你好 🎉,text") },
    { name: "one column without a header", content: () => lines(`${url}1`, `${url}2`) },
    { name: "one column, every row in quotes, no header", content: () => lines(`"${url}1"`, `"${url}2"`) },
    { name: "a header in capitals and spaces", content: () => lines(" Data , FILENAME ", `${url}1,a`) },
    { name: "url in place of data", content: () => lines("url,filename", `${url}1,a`) },
    { name: "columns of other names", content: () => lines("data,placement,table no", `${url}1,Front door,7`) },
    { name: "a payload in JSON", content: () => lines("data_type,payload", 'phone,"{""number"":""+49301234""}"') },
    { name: "a row of its own style", content: () => lines("data,color,size", `${url}1,#0b3d91,300`, `${url}2,,`) },
    {
      name: "a dynamic code in one row",
      content: () => lines("data,dynamic,short_id", `${url}1,true,MENU-1`, `${url}2,,`),
    },
  ],
  "What is wrong with it": [
    { name: "nothing at all", content: () => "" },
    { name: "a BOM alone", content: () => "\ufeff" },
    { name: "a header alone", content: () => "data,filename\n" },
    { name: "two columns without a header", content: () => lines(`${url}1,a`, `${url}2,b`) },
    { name: "a column twice", content: () => lines("data,url", `${url}1,${url}2`) },
    { name: "a row with a cell too many", content: () => lines("data,filename", `${url}1,a`, `${url}2,b,c`) },
    { name: "a row with a cell too few", content: () => lines("data,filename", `${url}1,a`, `${url}2`) },
    { name: "a row of commas", content: () => lines("data,filename", `${url}1,a`, ",") },
    { name: "a quote that is never closed", content: () => lines("data", `"${url}1`, `${url}2`) },
    { name: "a quote in the middle of a cell", content: () => lines("data,data_type", 'say "hello",text') },
    {
      name: "UTF-16, little-endian, with its mark",
      content: () => encoded(lines("data", url), "utf16le", [0xff, 0xfe]),
    },
    {
      name: "UTF-16, big-endian, with its mark",
      content: () => swapped(encoded(lines("data", url), "utf16le", [0xff, 0xfe])),
    },
    { name: "UTF-16 without its mark", content: () => encoded(lines("data", url), "utf16le") },
    { name: "Latin-1", content: () => encoded(lines("data,data_type", "Café,text"), "latin1") },
    { name: "NUL in a cell", content: () => lines("data,data_type", "a\0b,text") },
    { name: "a ZIP (an .xlsx)", content: () => Buffer.from([0x50, 0x4b, 3, 4, 20, 0, 6, 0, 8, 0, 0, 0, 0x21, 0]) },
    { name: "JSON", content: () => '[{"data":"https://example.com/"}]' },
    { name: "an address that runs in the browser", content: () => lines("data", "javascript:alert(1)") },
    { name: "a payload that is no JSON", content: () => lines("data_type,payload", "wifi,ssid=Guests") },
    {
      name: "mistakes in three rows of four",
      content: () => lines("data,size,color", `${url}1,9,`, `${url}2,,`, ",,", `${url}4,,blu`),
    },
    { name: "a short id without a dynamic code", content: () => lines("data,short_id", `${url}1,MENU`) },
    {
      name: "the same short id twice",
      content: () => lines("data,dynamic,short_id", `${url}1,true,MENU`, `${url}2,true,menu`),
    },
    {
      name: "a dynamic code that leads to a private address",
      content: () => lines("data,dynamic", "http://127.0.0.1/,true"),
    },
    { name: "3,000 bytes in one code", content: () => lines("data,data_type", `${"x".repeat(3_000)},text`) },
    { name: "a hundred and one columns", content: () => lines(["data", ...rowsOf(100)].join(","), url) },
  ],
  "What is too much": [
    { name: "as many rows as the plan has", content: () => lines("data", ...rowsOf(1_000)) },
    { name: "a row more than the plan has", content: () => lines("data", ...rowsOf(1_001)) },
    {
      name: "1,200 bad rows of 1,000 that are allowed",
      content: () => lines("data", ...rowsOf(1_200).map(() => "no address")),
    },
    { name: "a cell of 5 MB", content: () => lines("data,data_type", `${"x".repeat(5_000_000)},text`) },
    { name: "a quoted cell of 5 MB", content: () => lines("data,data_type", `"${"x\n".repeat(2_500_000)}",text`) },
    { name: "50 MB in rows", content: () => Readable.from(repeated("data\n", `${url}1\n`, 50_000_000)) },
    { name: "50 MB in empty lines", content: () => Readable.from(repeated("data\n", "\n", 50_000_000)) },
    {
      name: "50 MB in cells of 100,000 characters",
      content: () => Readable.from(repeated("data\n", `${"x".repeat(100_000)}\n`, 50_000_000)),
    },
    { name: "50 MB without a line end", content: () => Readable.from(repeated("data\n", "x", 50_000_000)) },
  ],
  "What a spreadsheet or a file system might run, and how the file is called": [
    {
      name: "formulas as data",
      content: () => lines("data,data_type", '"=HYPERLINK(""http://evil.example"")",text', "+1,text", "@SUM(1),text"),
    },
    { name: "filename ../../etc/passwd", content: () => lines("data,filename", `${url}1,../../etc/passwd`) },
    { name: "filename C:\\Windows\\win.ini", content: () => lines("data,filename", `${url}1,C:\\Windows\\win.ini`) },
    {
      name: "filename CON, aux.png and manifest.csv",
      content: () => lines("data,filename", `${url}1,CON`, `${url}2,aux.png`, `${url}3,manifest.csv`),
    },
    {
      name: "filename of 300 characters, and of 300 emoji",
      content: () => lines("data,filename", `${url}1,${"a".repeat(300)}`, `${url}2,${"🎉".repeat(300)}`),
    },
    {
      name: "filename three times, in two cases",
      content: () => lines("data,filename", `${url}1,menu`, `${url}2,MENU.png`, `${url}3,menu`),
    },
    {
      name: "filename of dots, of spaces, of a slash",
      content: () => lines("data,filename", `${url}1,..`, `${url}2,"  "`, `${url}3,/`),
    },
    {
      name: "filename that turns its end around (U+202E)",
      content: () => lines("data,filename", `${url}1,menu\u202egnp.exe`),
    },
    {
      name: "filename with < > : | ? * and a line break",
      content: () => lines("data,filename", `${url}1,"a<b>c:d|e?f*\ng"`),
    },
    {
      name: "columns called __proto__ and constructor",
      content: () => lines("data,__proto__,constructor", `${url}1,a,b`),
    },
  ],
};
