import { memo, type ReactNode } from "react";
import { parseMarkdown, type Block, type Inline } from "@/lib/markdown";
import { CopyButton } from "./copy-button";

/** The text of an answer. Models write what they like: it is drawn, never inserted as HTML. */
export const Markdown = memo(function Markdown({ text }: { text: string }) {
  return <div className="markdown">{drawBlocks(parseMarkdown(text))}</div>;
});

function drawBlocks(blocks: Block[]): ReactNode {
  return blocks.map((block, index) => <BlockView key={index} block={block} />);
}

function BlockView({ block }: { block: Block }) {
  switch (block.kind) {
    case "paragraph":
      return <p>{drawInlines(block.children)}</p>;
    case "heading": {
      // The page has a heading of its own above them.
      const Tag = `h${Math.min(block.level + 2, 6)}` as "h3" | "h4" | "h5" | "h6";
      return <Tag>{drawInlines(block.children)}</Tag>;
    }
    case "code":
      return (
        <div className="code-block">
          <div className="code-head">
            <span>{block.language || "text"}</span>
            <CopyButton text={block.text} label="Copy code" />
          </div>
          <pre tabIndex={0}>
            <code>{block.text}</code>
          </pre>
        </div>
      );
    case "quote":
      return <blockquote>{drawBlocks(block.children)}</blockquote>;
    case "list": {
      const items = block.items.map((item, index) => (
        <li key={index}>
          {drawInlines(item.children)}
          {drawBlocks(item.nested)}
        </li>
      ));
      return block.ordered ? <ol start={block.start}>{items}</ol> : <ul>{items}</ul>;
    }
    case "table":
      return (
        <div className="table-scroll" tabIndex={0}>
          <table>
            <thead>
              <tr>{block.head.map((cell, index) => <th key={index}>{drawInlines(cell)}</th>)}</tr>
            </thead>
            <tbody>
              {block.rows.map((row, index) => (
                <tr key={index}>{row.map((cell, column) => <td key={column}>{drawInlines(cell)}</td>)}</tr>
              ))}
            </tbody>
          </table>
        </div>
      );
    case "rule":
      return <hr />;
  }
}

function drawInlines(inlines: Inline[]): ReactNode {
  return inlines.map((inline, index) => <InlineView key={index} inline={inline} />);
}

function InlineView({ inline }: { inline: Inline }) {
  switch (inline.kind) {
    case "text":
      return inline.text;
    case "code":
      return <code>{inline.text}</code>;
    case "strong":
      return <strong>{drawInlines(inline.children)}</strong>;
    case "em":
      return <em>{drawInlines(inline.children)}</em>;
    case "del":
      return <del>{drawInlines(inline.children)}</del>;
    case "link":
      return (
        <a href={inline.href} target="_blank" rel="noopener noreferrer nofollow">
          {drawInlines(inline.children)}
        </a>
      );
    case "break":
      return <br />;
  }
}
