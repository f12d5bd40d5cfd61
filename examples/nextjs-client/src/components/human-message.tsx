"use client";

import { useState, type KeyboardEvent } from "react";
import type { Turn } from "@/lib/conversation";
import type { Conversation } from "@/lib/use-conversation";
import { BranchSwitcher } from "./branch-switcher";
import { CopyButton } from "./copy-button";
import { PencilIcon } from "./icons";

interface Props {
  turn: Extract<Turn, { kind: "human" }>;
  conversation: Conversation;
}

export function HumanMessage({ turn, conversation }: Props) {
  const [isEditing, setEditing] = useState(false);
  const { message, index, text } = turn;
  const branch = conversation.branchOf(message, index);
  if (isEditing) {
    return (
      <EditForm
        text={text}
        onCancel={() => setEditing(false)}
        onSave={(changed) => {
          setEditing(false);
          conversation.edit(message, index, changed);
        }}
      />
    );
  }
  return (
    <article className="turn human" aria-label="You" data-testid="human-message">
      <div className="bubble">{text}</div>
      <div className="actions">
        {branch && <BranchSwitcher branch={branch} conversation={conversation} />}
        {!conversation.isLoading && conversation.canEdit(message, index) && (
          <button
            type="button"
            className="icon-button small"
            onClick={() => setEditing(true)}
            aria-label="Edit this message"
            title="Edit"
            data-testid="edit"
          >
            <PencilIcon />
          </button>
        )}
        <CopyButton text={text} label="Copy message" />
      </div>
    </article>
  );
}

interface EditProps {
  text: string;
  onSave: (text: string) => void;
  onCancel: () => void;
}

function EditForm({ text, onSave, onCancel }: EditProps) {
  const [changed, setChanged] = useState(text);
  const canSave = changed.trim() !== "" && changed.trim() !== text.trim();
  const save = () => {
    if (canSave) onSave(changed.trim());
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") {
      event.preventDefault();
      onCancel();
    } else if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      save();
    }
  };
  return (
    <form
      className="turn human editing"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <textarea
        aria-label="Edit your message"
        rows={Math.min(changed.split("\n").length + 1, 10)}
        value={changed}
        onChange={(event) => setChanged(event.target.value)}
        onKeyDown={onKeyDown}
        autoFocus
        data-testid="edit-field"
      />
      <p className="muted fine">Sending makes a second version of the conversation from here on; this one stays.</p>
      <div className="row end">
        <button type="button" className="button small" onClick={onCancel} data-testid="edit-cancel">
          Cancel
        </button>
        <button type="submit" className="button small primary" disabled={!canSave} data-testid="edit-save">
          Send
        </button>
      </div>
    </form>
  );
}
