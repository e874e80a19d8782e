import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { quotePrice } from '@/api/mutations';
import type { Cost } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { TextAreaField, TextField } from '@/components/ui/field';
import { ErrorNotice } from '@/components/ui/notice';
import { useFormat } from '@/i18n/use-format';
import { parseJson } from '@/lib/json';

const example = '{ "input_tokens": 1000, "output_tokens": 500 }';

/** What would this have cost? Takes the usage of an answer as an upstream sent it. */
export function CalculatorDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [model, setModel] = useState('');
  const [usage, setUsage] = useState(example);
  const [checked, setChecked] = useState(false);
  const quote = useMutation({ mutationFn: () => quotePrice(model.trim(), parseJson(usage)) });
  const broken = parseJson(usage) === undefined;
  const missing = model.trim() === '';
  return (
    <Dialog
      open
      wide
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title={t('prices.calculator')}
      description={t('prices.calculatorHelp')}
      footer={
        <>
          <Button onClick={onClose}>{t('common.close')}</Button>
          <Button
            tone="primary"
            busy={quote.isPending}
            onClick={() => {
              setChecked(true);
              if (!broken && !missing) quote.mutate();
            }}
          >
            {t('prices.calculate')}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <TextField label={t('prices.model')} value={model} onValue={setModel} error={checked && missing ? t('forms.required') : undefined} maxLength={200} mono autoFocus />
        <TextAreaField label={t('prices.usage')} help={t('prices.usageHelp')} error={checked && broken ? t('prices.restFault') : undefined} value={usage} onValue={setUsage} rows={7} spellCheck={false} mono />
        {quote.isError && <ErrorNotice error={quote.error} title={t('prices.calculateFailed')} />}
        {quote.data?.cost && <Bill cost={quote.data.cost} />}
      </div>
    </Dialog>
  );
}

function Bill({ cost }: { cost: Cost }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (cost.state === 'unpriced') return <p className="rounded-md bg-sunken px-3 py-2 text-13">{t('prices.noPrice')}</p>;
  return (
    <div className="rounded-md bg-sunken px-3 py-2 text-12" data-bill>
      <table className="w-full">
        <caption className="sr-only">{t('prices.calculator')}</caption>
        <tbody>
          {cost.lines.map((line, i) => (
            <tr key={i}>
              <th scope="row" className="py-0.5 text-left font-normal">
                <code>{line.name}</code>
                {line.model && <span className="text-fg-muted">{` ${line.model}`}</span>}
              </th>
              <td className="text-right text-fg-muted tabular-nums">{`${format.count(line.units)} × $${line.rate}`}</td>
              <td className="w-28 text-right tabular-nums">{format.usd(line.usd)}</td>
            </tr>
          ))}
          <tr className="font-semibold">
            <th scope="row" className="pt-1 text-left">
              {cost.model}
            </th>
            <td />
            <td className="pt-1 text-right tabular-nums">{format.usd(cost.chargeUsd)}</td>
          </tr>
        </tbody>
      </table>
    </div>
  );
}
