import { FirstRun } from './first-run';

export function OnboardingPage() {
  return <FirstRun />;
}
