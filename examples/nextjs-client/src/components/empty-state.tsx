import { Mark } from "./icons";

const suggestions = [
  { title: "Calculate something", text: "What is 12 * (3 + 4)?" },
  { title: "Ask for the time", text: "What time is it?" },
  { title: "Let it ask you", text: "Ask me how my day was" },
  { title: "Look into my mail", text: "Which mail have I not read yet?" },
];

export function EmptyState({ onPick }: { onPick: (text: string) => void }) {
  return (
    <div className="scroller">
      <div className="empty" data-testid="empty">
        <Mark />
        <h2>What can I do for you?</h2>
        <p className="muted">The assistant answers word by word, uses tools, and asks before it acts for you.</p>
        <ul className="suggestions">
          {suggestions.map(({ title, text }) => (
            <li key={text}>
              <button type="button" className="suggestion" onClick={() => onPick(text)} data-testid="suggestion">
                <strong>{title}</strong>
                <span>{text}</span>
              </button>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
