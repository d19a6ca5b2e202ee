import { CardScreen } from './card-screen';

/** The way on is in a mail. */
export function CheckMailScreen({ text, onBack }: { text: string; onBack: () => void }) {
  return (
    <CardScreen title="Check your mail">
      <p>{text}</p>
      <p className="other">
        <button type="button" className="plain" onClick={onBack}>
          Back
        </button>
      </p>
    </CardScreen>
  );
}
