"use client";

import type { Turn } from "@/lib/conversation";
import type { Branch, Conversation } from "@/lib/use-conversation";
import { BranchSwitcher } from "./branch-switcher";
import { CopyButton } from "./copy-button";
import { RefreshIcon } from "./icons";
import { Markdown } from "./markdown";
import { ToolCall } from "./tool-call";

interface Props {
  turn: Extract<Turn, { kind: "answer" }>;
  isGrowing: boolean;
  conversation: Conversation;
}

export function AnswerView({ turn, isGrowing, conversation }: Props) {
  const text = turn.parts.map((part) => part.text).filter(Boolean).join("\n\n");
  const branch = branchOf(turn, conversation);
  const human = conversation.messages[turn.afterHuman];
  const canRegenerate = human !== undefined && conversation.canEdit(human, turn.afterHuman);
  const isAsked = conversation.interrupts.length > 0;
  const isGrowingText = isGrowing && Boolean(turn.parts.at(-1)?.text) && turn.parts.at(-1)?.calls.length === 0;
  return (
    <article className="turn answer" aria-label="Assistant" data-testid="answer" data-growing={isGrowing}>
      {turn.parts.map((part) => (
        <div key={part.key} className="answer-part">
          {part.text && <Markdown text={part.text} />}
          {part.calls.map((call) => (
            <ToolCall key={call.id} call={call} />
          ))}
        </div>
      ))}
      {isGrowing && (
        <div className={isGrowingText ? "caret" : "thinking"} aria-hidden="true">
          <span />
          {!isGrowingText && <><span /><span /></>}
        </div>
      )}
      {!isGrowing && (
        <div className="actions">
          {branch && <BranchSwitcher branch={branch} conversation={conversation} />}
          {text && <CopyButton text={text} label="Copy answer" />}
          {canRegenerate && !conversation.isLoading && !isAsked && (
            <button
              type="button"
              className="icon-button small"
              onClick={() => conversation.regenerate(turn.afterHuman)}
              aria-label="Answer again"
              title="Answer again"
              data-testid="regenerate"
            >
              <RefreshIcon />
            </button>
          )}
        </div>
      )}
    </article>
  );
}

function branchOf(turn: Props["turn"], conversation: Conversation): Branch | null {
  for (const [message, index] of turn.messages) {
    const branch = conversation.branchOf(message, index);
    if (branch) return branch;
  }
  return null;
}
