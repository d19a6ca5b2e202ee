import type { Device } from './device';

const paths: Record<Device['kind'] | 'gate', string> = {
  gate: 'M4 21v-9a8 8 0 0 1 16 0v9M12 4v17M4 14h16M8 5v16M16 5v16',
  desktop: 'M3 5h18v11H3zM9 20h6M12 16v4',
  phone: 'M7 3h10v18H7zM11 18h2',
  tablet: 'M5 3h14v18H5zM11 18h2',
  other: 'M3 5h18v14H3zM7 9l3 3-3 3M12 15h5',
};

/** A picture beside words that say the same. */
export function Icon({ of }: { of: keyof typeof paths }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[of]} />
    </svg>
  );
}
