"use client";

import type { ToolCallState, ToolCallView } from "@/lib/conversation";
import { plainly } from "@/lib/plainly";
import { CheckIcon, PauseIcon, WarningIcon } from "./icons";

const stateTexts: Record<ToolCallState, string> = {
  running: "running",
  waiting: "waits for you",
  done: "done",
  error: "failed",
  open: "not run",
};

/** A call of a tool, from the first letter of its arguments to its result. */
export function ToolCall({ call }: { call: ToolCallView }) {
  const brief = Object.values(call.args).map(plainly).join(", ");
  return (
    <details className="tool-call" data-testid="tool-call" data-tool={call.name} data-state={call.state}>
      <summary>
        <StateIcon state={call.state} />
        <span className="tool-name" data-testid="tool-name">{call.name}</span>
        <span className="tool-brief" data-testid="tool-args">{brief}</span>
        <span className="tool-state">{stateTexts[call.state]}</span>
      </summary>
      <div className="tool-body">
        <h3>Arguments</h3>
        <pre tabIndex={0}>{JSON.stringify(call.args, null, 2)}</pre>
        {call.result !== undefined && (
          <>
            <h3>{call.state === "error" ? "Error" : "Result"}</h3>
            <pre tabIndex={0} data-testid="tool-result">{indented(call.result)}</pre>
          </>
        )}
      </div>
    </details>
  );
}

function StateIcon({ state }: { state: ToolCallState }) {
  if (state === "done") return <span className="tool-icon done"><CheckIcon /></span>;
  if (state === "error") return <span className="tool-icon error"><WarningIcon /></span>;
  if (state === "running") return <span className="tool-icon spinner" aria-hidden="true" />;
  return <span className="tool-icon"><PauseIcon /></span>;
}

// JSON is easier to read with line breaks; all other text stays as the tool wrote it.
function indented(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? JSON.stringify(value, null, 2) : text;
  } catch {
    return text;
  }
}
