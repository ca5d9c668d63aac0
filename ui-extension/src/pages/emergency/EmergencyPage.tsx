// SPDX-License-Identifier: Apache-2.0
import { Form, List, ListItem, TextArea, TextInput } from '@patternfly/react-core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body } from '../../api/client';
import { asApiError, type ApiError } from '../../api/errors';
import type { Network } from '../../api/model';
import { network } from '../../api/queries';
import { t } from '../../messages';
import { EMERGENCY } from '../../portal/places';
import { Dialog, finish } from '../../ui/Dialog';
import { Field } from '../../ui/Field';
import type { PageProps } from '../../ui/show';
import { Loading, TroubleAlert, TroubleState } from '../../ui/states';
import { Note } from '../../ui/Note';

const FORM = 'emergency';

/** The dialog that opens an isolated network for a while. */
export function EmergencyPage({ id }: PageProps) {
  const query = useQuery(network(id));
  if (query.data) {
    return <OpeningForm network={query.data} />;
  }
  return (
    <Dialog place={EMERGENCY} form={FORM} submit={t('emergency.submit')} busy={false} blocked danger>
      {query.isError ? (
        <TroubleState error={query.error} retry={() => void query.refetch()} />
      ) : (
        <Loading what={t('emergency.title')} />
      )}
    </Dialog>
  );
}

type FieldName = 'reason' | 'minutes' | 'confirm' | 'form';

/** The field a refusal is about: the server's sentences name it. */
export function emergencyField(sentence: string): FieldName {
  return (/the field (reason|minutes|confirm)\b/.exec(sentence)?.[1] as FieldName | undefined) ?? 'form';
}

function OpeningForm({ network: shown }: { readonly network: Network }) {
  const [reason, setReason] = useState('');
  const [minutes, setMinutes] = useState('30');
  const [confirm, setConfirm] = useState('');
  const opening = useMutation<unknown, ApiError>({
    mutationFn: async () => {
      try {
        await body(
          api.POST('/networks/{id}/emergency', {
            params: { path: { id: shown.id } },
            body: { reason: reason.trim(), minutes: Number(minutes), confirm },
          }),
        );
      } catch (e) {
        throw asApiError(e);
      }
    },
    onSuccess: () => {
      finish(EMERGENCY, 'warning', t('emergency.done', { network: shown.name, minutes }));
    },
  });
  const refused = opening.error?.trouble === 'refused' ? opening.error.message : undefined;
  const field = refused === undefined ? undefined : emergencyField(refused);
  const error = (name: FieldName) => (field === name ? refused : undefined);
  return (
    <Dialog
      place={EMERGENCY}
      form={FORM}
      submit={t('emergency.submit')}
      busy={opening.isPending}
      blocked={reason.trim() === '' || confirm !== shown.name || !/^\d{1,4}$/.test(minutes)}
      danger
    >
      <Form
        id={FORM}
        onSubmit={(event) => {
          event.preventDefault();
          opening.mutate();
        }}
      >
        {opening.isError && (field === undefined || field === 'form') && (
          <TroubleAlert error={opening.error} />
        )}
        <Note variant="danger" title={t('emergency.warning')}>
          <List>
            <ListItem>{t('emergency.effectNew')}</ListItem>
            <ListItem>{t('emergency.effectRunning')}</ListItem>
            <ListItem>{t('emergency.effectEnd')}</ListItem>
          </List>
        </Note>
        <Field
          id="reason"
          label={t('emergency.reason')}
          required
          error={error('reason')}
          help={t('emergency.reasonHelp')}
        >
          <TextArea
            id="reason"
            value={reason}
            rows={2}
            maxLength={500}
            aria-describedby="reason-help"
            onChange={(_, value) => {
              setReason(value);
            }}
          />
        </Field>
        <Field id="minutes" label={t('emergency.minutes')} required error={error('minutes')}>
          <TextInput
            id="minutes"
            value={minutes}
            inputMode="numeric"
            aria-describedby="minutes-help"
            onChange={(_, value) => {
              setMinutes(value);
            }}
          />
        </Field>
        <Field
          id="confirm"
          label={t('emergency.confirm')}
          required
          error={error('confirm')}
          help={t('emergency.confirmHelp', { network: shown.name })}
        >
          <TextInput
            id="confirm"
            value={confirm}
            autoComplete="off"
            aria-describedby="confirm-help"
            onChange={(_, value) => {
              setConfirm(value);
            }}
          />
        </Field>
      </Form>
    </Dialog>
  );
}
