import type { ReactNode } from "react";

function Icon({ children }: { children: ReactNode }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

export const SendIcon = () => <Icon><path d="M12 19V5M5 12l7-7 7 7" /></Icon>;
export const StopIcon = () => <Icon><rect x="7" y="7" width="10" height="10" rx="1.5" fill="currentColor" /></Icon>;
export const PlusIcon = () => <Icon><path d="M12 5v14M5 12h14" /></Icon>;
export const TrashIcon = () => <Icon><path d="M4 7h16M10 11v6M14 11v6M6 7l1 13h10l1-13M9 7V4h6v3" /></Icon>;
export const PencilIcon = () => <Icon><path d="M4 20l1-5L16 4l4 4L9 19zM14 6l4 4" /></Icon>;
export const RefreshIcon = () => <Icon><path d="M20 11a8 8 0 1 0-2 6M20 5v6h-6" /></Icon>;
export const CopyIcon = () => <Icon><rect x="9" y="9" width="11" height="11" rx="2" /><path d="M5 15V6a2 2 0 0 1 2-2h8" /></Icon>;
export const CheckIcon = () => <Icon><path d="M5 12.5l5 5L19 7" /></Icon>;
export const CrossIcon = () => <Icon><path d="M6 6l12 12M18 6L6 18" /></Icon>;
export const LeftIcon = () => <Icon><path d="M15 6l-6 6 6 6" /></Icon>;
export const RightIcon = () => <Icon><path d="M9 6l6 6-6 6" /></Icon>;
export const DownIcon = () => <Icon><path d="M12 5v14M6 13l6 6 6-6" /></Icon>;
export const MenuIcon = () => <Icon><path d="M4 7h16M4 12h16M4 17h10" /></Icon>;
export const WarningIcon = () => <Icon><path d="M12 4l9 16H3zM12 10v4M12 17.2v.1" /></Icon>;
export const KeyIcon = () => <Icon><circle cx="8" cy="15" r="4" /><path d="M11 12l9-9M16 7l3 3" /></Icon>;
export const HandIcon = () => <Icon><path d="M12 3l8 3v6c0 5-3.5 8-8 9-4.500-1-8-4-8-9V6zM9 12l2 2 4-4" /></Icon>;
export const QuestionIcon = () => <Icon><path d="M9 9a3 3 0 1 1 4 2.8c-.8.4-1 1-1 2M12 17.500v.1" /><circle cx="12" cy="12" r="9" /></Icon>;
export const PauseIcon = () => <Icon><path d="M9 6v12M15 6v12" /></Icon>;
export const SunIcon = () => <Icon><circle cx="12" cy="12" r="4" /><path d="M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2" /></Icon>;
export const MoonIcon = () => <Icon><path d="M20 14A8 8 0 0 1 10 4a8 8 0 1 0 10 10z" /></Icon>;
export const SystemIcon = () => <Icon><circle cx="12" cy="12" r="8" /><path d="M12 4a8 8 0 0 1 0 16z" fill="currentColor" /></Icon>;

/** The heddle: warp threads, and the eye that the weft passes. */
export const Mark = () => (
  <svg className="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <rect width="32" height="32" rx="8" className="mark-ground" />
    <g className="mark-warp">
      <path d="M9 6v20M23 6v20M16 6v6M16 20v6" />
      <ellipse cx="16" cy="16" rx="2.8" ry="4" />
    </g>
    <path d="M5 16h8M19 16h8" className="mark-weft" />
  </svg>
);
