import { type RefObject, useEffect, useRef } from 'react';

/** Names the page after its screen, and puts the focus on the screen's heading: the control that led here is gone. */
export function useScreen(title: string): RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Gatehouse`;
    heading.current?.focus();
  }, [title]);
  return heading;
}
