"use client";

import { useState } from "react";
import type { ApprovalRequest, Decision, DecisionType } from "@/lib/interrupts";
import { plainly } from "@/lib/plainly";
import { HandIcon } from "./icons";

interface Draft {
  type: DecisionType;
  argsText: string;
  reason: string;
}

interface Props {
  request: ApprovalRequest;
  onDecide: (decisions: Decision[]) => void;
}

const typeTexts: Record<DecisionType, string> = { approve: "Approve", edit: "Edit", reject: "Reject" };

/** Tool calls that a human must approve, change or reject before they run. */
export function ApprovalPanel({ request, onDecide }: Props) {
  const [drafts, setDrafts] = useState<Draft[]>(() =>
    request.actions.map(({ request: action, allowed }) => ({
      type: allowed[0] ?? "reject",
      argsText: JSON.stringify(action.args, null, 2),
      reason: "",
    })),
  );
  const decisions = drafts.map((draft, place) => decisionFrom(draft, request.actions[place]!.request.name));
  const isComplete = decisions.every((decision) => decision !== null);
  const change = (place: number, part: Partial<Draft>) =>
    setDrafts(drafts.map((draft, at) => (at === place ? { ...draft, ...part } : draft)));

  return (
    <form
      className="panel"
      aria-label="Approval"
      data-testid="approval-panel"
      onSubmit={(event) => {
        event.preventDefault();
        if (isComplete) onDecide(decisions as Decision[]);
      }}
    >
      <div className="panel-head">
        <HandIcon />
        <div>
          <p className="panel-kind">Your approval is needed</p>
          <p className="panel-title">
            {request.actions.length === 1
              ? "The assistant is about to do this"
              : `The assistant is about to do ${request.actions.length} things`}
          </p>
        </div>
      </div>
      {request.actions.map(({ request: action, allowed }, place) => {
        const draft = drafts[place]!;
        return (
          <fieldset key={place} className="action" data-testid="approval-action" data-tool={action.name}>
            <legend>{action.name}</legend>
            {draft.type !== "edit" && <ArgumentList args={action.args} />}
            <div className="choices" role="radiogroup" aria-label={`Decision on ${action.name}`}>
              {allowed.map((type) => (
                <label key={type} className="choice">
                  <input
                    type="radio"
                    name={`decision-${place}`}
                    checked={draft.type === type}
                    onChange={() => change(place, { type })}
                    data-testid={`decide-${type}`}
                  />
                  <span>{typeTexts[type]}</span>
                </label>
              ))}
            </div>
            {draft.type === "edit" && (
              <>
                <textarea
                  className="mono"
                  aria-label={`Arguments of ${action.name}, as JSON`}
                  rows={Math.min(draft.argsText.split("\n").length + 1, 14)}
                  value={draft.argsText}
                  onChange={(event) => change(place, { argsText: event.target.value })}
                  spellCheck={false}
                  data-testid="approval-args"
                />
                {decisions[place] === null && (
                  <p className="panel-note" role="alert" data-testid="approval-invalid">
                    This is not a JSON object.
                  </p>
                )}
              </>
            )}
            {draft.type === "reject" && (
              <textarea
                rows={2}
                aria-label="Why not"
                placeholder="Why not? The assistant reads this. (optional)"
                value={draft.reason}
                onChange={(event) => change(place, { reason: event.target.value })}
                data-testid="approval-reason"
              />
            )}
          </fieldset>
        );
      })}
      <div className="row end">
        <button type="submit" className="button primary" disabled={!isComplete} data-testid="approval-send">
          {submitText(drafts)}
        </button>
      </div>
    </form>
  );
}

function ArgumentList({ args }: { args: Record<string, unknown> }) {
  return (
    <dl className="arguments">
      {Object.entries(args).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{plainly(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

function submitText(drafts: Draft[]): string {
  const types = new Set(drafts.map(({ type }) => type));
  if (types.size > 1) return "Send decisions";
  if (types.has("approve")) return "Approve and run";
  return types.has("edit") ? "Run with changes" : "Reject";
}

/** null: the arguments cannot be read. */
function decisionFrom(draft: Draft, name: string): Decision | null {
  if (draft.type === "approve") return { type: "approve" };
  if (draft.type === "reject") {
    const message = draft.reason.trim();
    return message ? { type: "reject", message } : { type: "reject" };
  }
  try {
    const args: unknown = JSON.parse(draft.argsText);
    if (typeof args !== "object" || args === null || Array.isArray(args)) return null;
    const action = { name, args: args as Record<string, unknown> };
    // Both spellings, for servers of both languages.
    return { type: "edit", editedAction: action, edited_action: action };
  } catch {
    return null;
  }
}
