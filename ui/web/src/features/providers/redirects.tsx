import { ArrowRight, Plus, X } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { MatchType, ModelRedirect } from '@/api/types';
import { Button } from '@/components/ui/button';

const matchTypes: MatchType[] = ['exact', 'prefix', 'suffix', 'contains', 'regex'];

/** Whether a rule applies, as the gateway decides it: case-sensitive, a regex unanchored. */
export function ruleMatches(rule: ModelRedirect, model: string): boolean {
  switch (rule.matchType) {
    case 'exact':
      return model === rule.source;
    case 'prefix':
      return model.startsWith(rule.source);
    case 'suffix':
      return model.endsWith(rule.source);
    case 'contains':
      return model.includes(rule.source);
    case 'regex':
      try {
        return new RegExp(rule.source).test(model);
      } catch {
        return false;
      }
    default:
      return false;
  }
}

interface RedirectsProps {
  rules: ModelRedirect[];
  onRules: (rules: ModelRedirect[]) => void;
  error: string | undefined;
}

/** Ordered rules, the first match wins, with a place to try a model. */
export function Redirects({ rules, onRules, error }: RedirectsProps) {
  const { t } = useTranslation();
  const [tried, setTried] = useState('');
  const hit = rules.findIndex((rule) => rule.source !== '' && ruleMatches(rule, tried));
  const set = (index: number, patch: Partial<ModelRedirect>) => onRules(rules.map((rule, i) => (i === index ? { ...rule, ...patch } : rule)));
  const input = 'h-9 w-full min-w-0 bg-transparent font-code text-12 outline-none px-2';
  return (
    <fieldset>
      <legend className="mb-1.5 text-12 font-medium text-fg-2">{t('providers.field.modelRedirects')}</legend>
      <div className="overflow-hidden rounded-md border border-line-strong">
        {rules.map((rule, i) => (
          <div key={i} className="flex items-center gap-1 border-b border-line px-2">
            <select
              aria-label={t('providers.redirect.match')}
              value={rule.matchType}
              onChange={(event) => set(i, { matchType: event.target.value })}
              className="h-6 rounded-sm bg-press px-1 text-11 font-medium text-fg-2"
            >
              {matchTypes.map((type) => (
                <option key={type} value={type}>
                  {t(`match.${type}`)}
                </option>
              ))}
            </select>
            <input aria-label={t('providers.redirect.from')} value={rule.source} onChange={(event) => set(i, { source: event.target.value })} className={input} />
            <ArrowRight size={14} className="shrink-0 text-fg-muted" aria-hidden="true" />
            <input aria-label={t('providers.redirect.to')} value={rule.target} onChange={(event) => set(i, { target: event.target.value })} className={input} />
            <Button tone="ghost" size="sm" iconOnly aria-label={t('common.remove', { name: rule.source })} onClick={() => onRules(rules.filter((_, at) => at !== i))}>
              <X size={14} />
            </Button>
          </div>
        ))}
        <div className="flex flex-wrap items-center gap-2 bg-sunken px-2 py-1.5">
          <Button tone="ghost" size="sm" onClick={() => onRules([...rules, { matchType: 'exact', source: '', target: '' }])}>
            <Plus size={13} aria-hidden="true" />
            {t('providers.redirect.add')}
          </Button>
          {rules.length > 0 && (
            <>
              <input
                aria-label={t('providers.redirect.try')}
                placeholder={t('providers.redirect.try')}
                value={tried}
                onChange={(event) => setTried(event.target.value)}
                className="field-box h-[26px] min-w-40 flex-1 rounded-md border border-line-strong bg-panel px-2 font-code text-12"
              />
              <span className="text-12 text-fg-muted" aria-live="polite">
                {tried !== '' && (hit < 0 ? t('providers.redirect.none') : t('providers.redirect.sends', { model: rules[hit]?.target, n: hit + 1 }))}
              </span>
            </>
          )}
        </div>
      </div>
      {error && <p className="mt-1.5 text-12 text-err">{error}</p>}
    </fieldset>
  );
}
