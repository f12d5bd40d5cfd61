"use client";

import { useState } from "react";
import type { Identity } from "@/lib/identity";
import type { Theme } from "@/lib/theme";
import { groupByDay, type ThreadEntry } from "@/lib/use-threads";
import { CheckIcon, CrossIcon, Mark, PlusIcon, TrashIcon } from "./icons";
import { ThemeToggle } from "./theme-toggle";

interface Props {
  identity: Identity;
  initialTheme: Theme;
  threads: ThreadEntry[] | null;
  failed: boolean;
  shownId: string | null;
  isOpen: boolean;
  onShow: (id: string | null) => void;
  onRemove: (id: string) => Promise<void>;
  onClose: () => void;
}

export function Sidebar(props: Props) {
  const { identity, initialTheme, threads, failed, shownId, isOpen, onShow, onRemove, onClose } = props;
  return (
    <>
      {isOpen && <div className="backdrop" onClick={onClose} aria-hidden="true" />}
      <aside className="sidebar" data-open={isOpen} aria-label="Conversations">
        <div className="brand">
          <Mark />
          <span>heddle chat</span>
          <button type="button" className="icon-button only-narrow" onClick={onClose} aria-label="Hide conversations">
            <CrossIcon />
          </button>
        </div>
        <button type="button" className="button new-thread" onClick={() => onShow(null)} data-testid="new-thread">
          <PlusIcon />
          New conversation
        </button>
        <nav className="threads" aria-label="Your conversations" data-testid="thread-list">
          {failed && <p className="side-note">The list cannot be loaded right now.</p>}
          {threads?.length === 0 && !failed && <p className="side-note">Your conversations will be listed here.</p>}
          {groupByDay(threads ?? [], new Date()).map(([day, entries]) => (
            <section key={day}>
              <h2 className="side-heading">{day}</h2>
              <ul>
                {entries.map((entry) => (
                  <ThreadRow
                    key={entry.id}
                    entry={entry}
                    isShown={entry.id === shownId}
                    onShow={() => onShow(entry.id)}
                    onRemove={() => onRemove(entry.id)}
                  />
                ))}
              </ul>
            </section>
          ))}
        </nav>
        <footer className="side-foot">
          <div className="who" data-testid="identity" data-kind={identity.kind}>
            <span className="avatar" aria-hidden="true">
              {identity.name.slice(0, 1).toUpperCase()}
            </span>
            <span className="who-text">
              <span className="who-name">{identity.name}</span>
              {identity.kind === "local" ? (
                <span className="badge" title="Made up for this browser, because no login is configured">
                  local identity
                </span>
              ) : (
                <a href="/auth/logout" data-testid="log-out">
                  Log out
                </a>
              )}
            </span>
          </div>
          <ThemeToggle initial={initialTheme} />
        </footer>
      </aside>
    </>
  );
}

const statusTexts: Partial<Record<ThreadEntry["status"], string>> = {
  busy: "answering",
  interrupted: "waits for you",
  error: "failed",
};

interface RowProps {
  entry: ThreadEntry;
  isShown: boolean;
  onShow: () => void;
  onRemove: () => Promise<void>;
}

function ThreadRow({ entry, isShown, onShow, onRemove }: RowProps) {
  const [step, setStep] = useState<"shown" | "asked" | "removing" | "failed">("shown");
  const remove = () => {
    setStep("removing");
    onRemove().catch(() => setStep("failed"));
  };
  if (step !== "shown") {
    return (
      <li className="thread-row asking" data-testid="thread-row">
        <span className="thread-name">{step === "failed" ? "Could not be deleted" : "Delete it for good?"}</span>
        <button
          type="button"
          className="icon-button small danger"
          onClick={remove}
          disabled={step === "removing"}
          aria-label={`Yes, delete ${entry.title}`}
          data-testid="confirm-delete"
          autoFocus
        >
          <CheckIcon />
        </button>
        <button type="button" className="icon-button small" onClick={() => setStep("shown")} aria-label="No, keep it">
          <CrossIcon />
        </button>
      </li>
    );
  }
  const status = statusTexts[entry.status];
  return (
    <li className="thread-row" data-testid="thread-row" data-thread-id={entry.id}>
      <button
        type="button"
        className="thread-open"
        onClick={onShow}
        aria-current={isShown ? "page" : undefined}
        data-testid="open-thread"
      >
        <span className="thread-name">{entry.title}</span>
        {status && <span className="status-dot" data-status={entry.status} role="img" aria-label={status} title={status} />}
      </button>
      <button
        type="button"
        className="icon-button small thread-delete"
        onClick={() => setStep("asked")}
        aria-label={`Delete ${entry.title}`}
        data-testid="delete-thread"
      >
        <TrashIcon />
      </button>
    </li>
  );
}
