import type { Branch, Conversation } from "@/lib/use-conversation";
import { LeftIcon, RightIcon } from "./icons";

/** Between the versions of a message or an answer. */
export function BranchSwitcher({ branch, conversation }: { branch: Branch; conversation: Conversation }) {
  const place = branch.options.indexOf(branch.shown);
  const show = (at: number) => {
    const option = branch.options[at];
    if (option !== undefined) conversation.showBranch(option);
  };
  return (
    <span className="branches" role="group" aria-label="Versions" data-testid="branches">
      <button
        type="button"
        className="icon-button small"
        onClick={() => show(place - 1)}
        disabled={place <= 0 || conversation.isLoading}
        aria-label="Earlier version"
        data-testid="branch-earlier"
      >
        <LeftIcon />
      </button>
      <span data-testid="branch-place">
        {place + 1} / {branch.options.length}
      </span>
      <button
        type="button"
        className="icon-button small"
        onClick={() => show(place + 1)}
        disabled={place < 0 || place >= branch.options.length - 1 || conversation.isLoading}
        aria-label="Later version"
        data-testid="branch-later"
      >
        <RightIcon />
      </button>
    </span>
  );
}
