// A small Markdown: what answers of models are made of. The result is a tree that React draws, so no text of a model
// ever becomes HTML. Not understood: nested quotes in lists, reference links, images (an image is shown as its link).

export type Inline =
  | { kind: "text"; text: string }
  | { kind: "code"; text: string }
  | { kind: "strong" | "em" | "del"; children: Inline[] }
  | { kind: "link"; href: string; children: Inline[] }
  | { kind: "break" };

export interface ListItem {
  children: Inline[];
  nested: Block[];
}

export type Block =
  | { kind: "paragraph"; children: Inline[] }
  | { kind: "heading"; level: number; children: Inline[] }
  | { kind: "code"; language: string; text: string }
  | { kind: "quote"; children: Block[] }
  | { kind: "list"; ordered: boolean; start: number; items: ListItem[] }
  | { kind: "table"; head: Inline[][]; rows: Inline[][][] }
  | { kind: "rule" };

const nestingMax = 8; // levels of lists, quotes and emphasis; deeper text is shown as it is

/** Only addresses that cannot run anything. */
export function safeHref(address: string): string | null {
  return /^(https?:\/\/|mailto:)[^\s]+$/i.test(address) ? address : null;
}

const inlinePattern = new RegExp(
  [
    /(?<ticks>`+)(?<code>[\s\S]*?[^`])\k<ticks>(?!`)/.source,
    /!?\[(?<label>[^\]\n]*)\]\((?<href>[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)(?:\s+"[^"\n]*")?\)/.source,
    /\*\*(?<strong>\S(?:[^\n]*?\S)?)\*\*(?!\*)/.source,
    /__(?<strong2>\S(?:[^\n]*?\S)?)__(?!\w)/.source,
    /~~(?<del>\S(?:[^\n]*?\S)?)~~/.source,
    /\*(?<em>[^\s*](?:[^*\n]*[^\s*])?)\*/.source,
    /(?<![\w_])_(?<em2>[^\s_](?:[^_\n]*[^\s_])?)_(?!\w)/.source,
    /(?<url>https?:\/\/[^\s<>()"'`]*[^\s<>()"'`.,;:!?*_~])/.source,
    /\\(?<escaped>[\\`*_~[\](){}#+\-.!|<>])/.source,
    /(?<breaks> {2,}\n)/.source,
  ].join("|"),
  "g",
);

export function parseInline(text: string, depth = 0): Inline[] {
  if (depth >= nestingMax) return [{ kind: "text", text }];
  const found: Inline[] = [];
  let end = 0;
  const plain = (part: string) => {
    if (part) found.push({ kind: "text", text: part });
  };
  for (const match of text.matchAll(inlinePattern)) {
    const groups = match.groups ?? {};
    plain(text.slice(end, match.index));
    end = match.index + match[0].length;
    const strong = groups.strong ?? groups.strong2;
    const em = groups.em ?? groups.em2;
    if (groups.code !== undefined) found.push({ kind: "code", text: groups.code.trim() || groups.code });
    else if (groups.label !== undefined) {
      const href = safeHref(groups.href ?? "");
      const children = parseInline(groups.label || groups.href || "", depth + 1);
      if (href) found.push({ kind: "link", href, children });
      else found.push(...children);
    } else if (strong !== undefined) found.push({ kind: "strong", children: parseInline(strong, depth + 1) });
    else if (groups.del !== undefined) found.push({ kind: "del", children: parseInline(groups.del, depth + 1) });
    else if (em !== undefined) found.push({ kind: "em", children: parseInline(em, depth + 1) });
    else if (groups.url !== undefined) {
      found.push({ kind: "link", href: groups.url, children: [{ kind: "text", text: groups.url }] });
    } else if (groups.escaped !== undefined) plain(groups.escaped);
    else found.push({ kind: "break" });
  }
  plain(text.slice(end));
  return found;
}

const fence = /^\s{0,3}(`{3,}|~{3,})\s*([\w+#.-]*)[^`]*$/;
const heading = /^(#{1,6})\s+(.*?)\s*#*\s*$/;
const rule = /^\s{0,3}([-*_])(\s*\1){2,}\s*$/;
const item = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const tableRule = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

const isBlank = (line: string | undefined) => line === undefined || line.trim() === "";
const indentOf = (line: string) => line.length - line.trimStart().length;
const cellsOf = (line: string) =>
  line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => parseInline(cell.trim()));

export function parseMarkdown(text: string): Block[] {
  return parseBlocks(text.replace(/\r\n?/g, "\n").split("\n"), 0);
}

function parseBlocks(lines: string[], depth: number): Block[] {
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at]!;
    if (isBlank(line)) {
      at += 1;
      continue;
    }
    const [block, next] = parseBlock(lines, at, depth);
    blocks.push(block);
    at = next;
  }
  return blocks;
}

function startsBlock(lines: string[], at: number): boolean {
  const line = lines[at]!;
  return fence.test(line) || heading.test(line) || rule.test(line) || item.test(line) || line.startsWith(">") ||
    startsTable(lines, at);
}

function startsTable(lines: string[], at: number): boolean {
  const below = lines[at + 1];
  return lines[at]!.includes("|") && below !== undefined && below.includes("-") && tableRule.test(below);
}

// The block that begins at `at`, and the line after it.
function parseBlock(lines: string[], at: number, depth: number): [Block, number] {
  const line = lines[at]!;
  const fenced = fence.exec(line);
  if (fenced) return parseFence(lines, at, fenced[1]!, fenced[2] ?? "");
  const titled = heading.exec(line);
  if (titled) return [{ kind: "heading", level: titled[1]!.length, children: parseInline(titled[2]!) }, at + 1];
  if (rule.test(line)) return [{ kind: "rule" }, at + 1];
  if (startsTable(lines, at)) return parseTable(lines, at);
  if (depth < nestingMax && line.startsWith(">")) {
    let end = at;
    while (end < lines.length && lines[end]!.startsWith(">")) end += 1;
    const inner = lines.slice(at, end).map((quoted) => quoted.replace(/^>\s?/, ""));
    return [{ kind: "quote", children: parseBlocks(inner, depth + 1) }, end];
  }
  if (depth < nestingMax && item.test(line)) return parseList(lines, at, depth);
  let end = at + 1;
  while (end < lines.length && !isBlank(lines[end]) && !startsBlock(lines, end)) end += 1;
  return [{ kind: "paragraph", children: parseInline(lines.slice(at, end).join("\n")) }, end];
}

// An answer that is still being written may end inside a fence.
function parseFence(lines: string[], at: number, mark: string, language: string): [Block, number] {
  let end = at + 1;
  const closes = (line: string) => line.trim().startsWith(mark) && line.trim().replaceAll(mark[0]!, "") === "";
  while (end < lines.length && !closes(lines[end]!)) end += 1;
  return [{ kind: "code", language, text: lines.slice(at + 1, end).join("\n") }, end + 1];
}

function parseTable(lines: string[], at: number): [Block, number] {
  let end = at + 2;
  while (end < lines.length && lines[end]!.includes("|")) end += 1;
  return [{ kind: "table", head: cellsOf(lines[at]!), rows: lines.slice(at + 2, end).map(cellsOf) }, end];
}

function parseList(lines: string[], at: number, depth: number): [Block, number] {
  const [, indent, mark] = item.exec(lines[at]!)!;
  const ordered = /\d/.test(mark!);
  const items: ListItem[] = [];
  let next = at;
  while (next < lines.length) {
    const match = item.exec(lines[next]!);
    if (!match || match[1]!.length !== indent!.length || /\d/.test(match[2]!) !== ordered) break;
    const own = [match[3]!];
    const below: string[] = [];
    next += 1;
    // What is indented belongs to the item, also after a blank line.
    while (next < lines.length) {
      const line = lines[next]!;
      if (isBlank(line)) {
        const after = lines[next + 1];
        if (isBlank(after) || indentOf(after!) <= indent!.length) break;
        below.push("");
      } else if (indentOf(line) > indent!.length) below.push(line);
      else if (below.length === 0 && !startsBlock(lines, next)) own.push(line);
      else break;
      next += 1;
    }
    const least = Math.min(...below.filter((line) => !isBlank(line)).map(indentOf));
    const nested = below.length ? parseBlocks(below.map((line) => line.slice(least)), depth + 1) : [];
    items.push({ children: parseInline(own.join("\n")), nested });
    // A blank line between two items does not end the list.
    if (isBlank(lines[next]) && next + 1 < lines.length && item.test(lines[next + 1]!)) next += 1;
  }
  return [{ kind: "list", ordered, start: ordered ? Number.parseInt(mark!, 10) : 1, items }, next];
}
