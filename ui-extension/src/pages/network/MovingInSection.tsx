// SPDX-License-Identifier: Apache-2.0
import {
  Button,
  Form,
  FormGroup,
  FormHelperText,
  HelperText,
  HelperTextItem,
  Label,
  List,
  ListItem,
  Progress,
  ProgressStep,
  ProgressStepper,
  TextInput,
} from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { MovingIn, MovingVnic, Network } from '../../api/model';
import { movingIn } from '../../api/queries';
import { t, type MessageKey } from '../../messages';
import { DataTable } from '../../ui/DataTable';
import { Name, Section } from '../../ui/parts';
import { Loaded, Nothing, TroubleAlert } from '../../ui/states';
import { useMove, type Move } from './useMove';
import { Note } from '../../ui/Note';

/** The guided move of a plain network's VMs to an isolated twin. */
export function MovingInSection({ network }: { readonly network: Network }) {
  const [asked, setAsked] = useState(false);
  // Reading it makes the server read all VMs of the data center, so somebody has to ask for it.
  const query = useQuery({ ...movingIn(network.id), enabled: asked });
  return (
    <Section title={t('moving.title')}>
      <div className="ip-stack">
        <p className="ip-prose">{t('moving.intro')}</p>
        {asked ? (
          <Loaded query={query} what={t('moving.title')} lines={4}>
            {(state) =>
              state === null ? (
                <Nothing>{t('state.older')}</Nothing>
              ) : (
                <Guided network={network} state={state} />
              )
            }
          </Loaded>
        ) : (
          <div>
            <Button
              variant="primary"
              onClick={() => {
                setAsked(true);
              }}
            >
              {t('moving.begin')}
            </Button>
          </div>
        )}
      </div>
    </Section>
  );
}

function Guided({ network, state }: { readonly network: Network; readonly state: MovingIn }) {
  const move = useMove(network.id);
  const vnics = state.vnics?.vnic ?? [];
  const moved = vnics.filter((vnic) => vnic.status === 'moved').length;
  const status = state.status ?? 'none';
  return (
    <div className="ip-stack">
      <Steps status={status} done={vnics.length > 0 && moved === vnics.length} />
      <Obstacles state={state} />
      {move.error !== undefined && <TroubleAlert error={move.error} />}
      {(status === 'none' || status === 'preparing') && <Prepare state={state} move={move} />}
      {status !== 'none' && (
        <>
          <p>
            <bdi className="ip-name">{t('moving.twinIs', { twin: state.twin?.name ?? '' })}</bdi>
          </p>
          {vnics.length > 0 && (
            <Progress
              value={moved}
              max={vnics.length}
              title={t('moving.progress')}
              label={t('moving.progressLabel', { moved, all: vnics.length })}
              valueText={t('moving.progressLabel', { moved, all: vnics.length })}
              size="sm"
            />
          )}
        </>
      )}
      {vnics.length === 0 && status !== 'none' && <Nothing>{t('moving.noVnics')}</Nothing>}
      {vnics.length > 0 && <MovingVnics vnics={vnics} move={move} changeable={status === 'prepared'} />}
      <Actions status={status} vnics={vnics} moved={moved} move={move} />
    </div>
  );
}

function Steps({ status, done }: { readonly status: string; readonly done: boolean }) {
  const at =
    status === 'finished' ? 3 : status === 'finishing' ? 2 : status === 'prepared' ? (done ? 2 : 1) : 0;
  const names: readonly MessageKey[] = ['moving.stepPrepare', 'moving.stepMove', 'moving.stepFinish'];
  return (
    <ProgressStepper aria-label={t('moving.steps')} isCenterAligned={false}>
      {names.map((name, i) => (
        <ProgressStep
          key={name}
          id={`step-${i}`}
          titleId={`step-${i}-title`}
          variant={i < at ? 'success' : i === at ? 'info' : 'pending'}
          isCurrent={i === at}
          aria-label={t(i < at ? 'moving.stepDone' : i === at ? 'moving.stepNow' : 'moving.stepLater')}
        >
          {t(name)}
        </ProgressStep>
      ))}
    </ProgressStepper>
  );
}

function Obstacles({ state }: { readonly state: MovingIn }) {
  const all = state.obstacles?.obstacle ?? [];
  if (state.status === 'finished' || all.length === 0) {
    return null;
  }
  const blocking = all.filter((each) => each.blocking === 'true');
  const shown = blocking.length > 0 ? blocking : all;
  return (
    <Note
      variant={blocking.length > 0 ? 'danger' : 'warning'}
      title={t(blocking.length > 0 ? 'moving.blocked' : 'moving.obstacles')}
    >
      <List>
        {shown.map((each) => (
          <ListItem key={each.description}>
            <bdi className="ip-prose">{each.description}</bdi>
          </ListItem>
        ))}
      </List>
    </Note>
  );
}

function Prepare({ state, move }: { readonly state: MovingIn; readonly move: Move }) {
  const [name, setName] = useState(state.twin?.name ?? '');
  const blocked = (state.obstacles?.obstacle ?? []).some((each) => each.blocking === 'true');
  return (
    <Form
      isWidthLimited
      onSubmit={(event) => {
        event.preventDefault();
        move.prepare(name.trim());
      }}
    >
      <FormGroup label={t('moving.twinName')} fieldId="twin-name">
        <TextInput
          id="twin-name"
          value={name}
          maxLength={256}
          onChange={(_, value) => {
            setName(value);
          }}
        />
        <FormHelperText>
          <HelperText>
            <HelperTextItem>{t('moving.twinNameHelp')}</HelperTextItem>
          </HelperText>
        </FormHelperText>
      </FormGroup>
      <div>
        <Button type="submit" variant="primary" isDisabled={blocked || move.busy} isLoading={move.busy}>
          {t('moving.prepare')}
        </Button>
      </div>
    </Form>
  );
}

const STATES: Record<NonNullable<MovingVnic['status']>, MessageKey> = {
  not_chosen: 'moving.notChosen',
  waiting: 'moving.waiting',
  failed: 'moving.failed',
  moved: 'moving.moved',
  elsewhere: 'moving.elsewhere',
};

function MovingState({ vnic }: { readonly vnic: MovingVnic }) {
  const status = vnic.status ?? 'not_chosen';
  const text = t(STATES[status]);
  switch (status) {
    case 'moved':
      return (
        <Label isCompact status="success">
          {text}
        </Label>
      );
    case 'failed':
      return (
        <Label isCompact status="danger">
          {text}
        </Label>
      );
    case 'waiting':
      return (
        <Label isCompact status="info">
          {text}
        </Label>
      );
    default:
      return <Label isCompact>{text}</Label>;
  }
}

function MovingVnics({
  vnics,
  move,
  changeable,
}: {
  readonly vnics: readonly MovingVnic[];
  readonly move: Move;
  readonly changeable: boolean;
}) {
  return (
    <DataTable
      label={t('moving.vnics')}
      rows={vnics}
      id={(vnic) => vnic.id ?? ''}
      columns={[
        { title: t('vnics.vm'), width: 20, cell: (vnic) => <Name>{vnic.vm?.name}</Name> },
        { title: t('vnics.nic'), width: 15, cell: (vnic) => <Name>{vnic.name}</Name> },
        { title: t('vnics.state'), width: 15, cell: (vnic) => <MovingState vnic={vnic} /> },
        { title: t('moving.reason'), cell: (vnic) => <bdi className="ip-name">{vnic.reason ?? ''}</bdi> },
        {
          title: t('moving.action'),
          width: 15,
          cell: (vnic) =>
            changeable && vnic.id !== undefined && vnic.status !== 'elsewhere' ? (
              <Button
                variant="link"
                isInline
                isDisabled={move.busy}
                aria-label={t(vnic.status === 'moved' ? 'moving.backNamed' : 'moving.moveNamed', {
                  vm: vnic.vm?.name ?? '',
                  nic: vnic.name ?? '',
                })}
                onClick={() => {
                  move.nics(vnic.status === 'moved' ? 'revoke' : 'move', [vnic.id ?? '']);
                }}
              >
                {t(vnic.status === 'moved' ? 'moving.back' : 'moving.move')}
              </Button>
            ) : (
              ''
            ),
        },
      ]}
    />
  );
}

function Actions({
  status,
  vnics,
  moved,
  move,
}: {
  readonly status: NonNullable<MovingIn['status']>;
  readonly vnics: readonly MovingVnic[];
  readonly moved: number;
  readonly move: Move;
}) {
  const prepared = status === 'prepared';
  return (
    <div className="ip-row">
      {prepared && moved < vnics.length && (
        <Button
          variant="primary"
          isDisabled={move.busy}
          isLoading={move.busy}
          onClick={() => {
            move.all('move');
          }}
        >
          {t('moving.moveAll')}
        </Button>
      )}
      {((prepared && moved === vnics.length) || status === 'finishing') && (
        <Button variant="primary" isDisabled={move.busy} isLoading={move.busy} onClick={move.finish}>
          {t('moving.finish')}
        </Button>
      )}
      {prepared && moved > 0 && (
        <Button
          variant="secondary"
          isDisabled={move.busy}
          onClick={() => {
            move.all('revoke');
          }}
        >
          {t('moving.backAll')}
        </Button>
      )}
      {move.busy && prepared && (
        <Button variant="secondary" onClick={move.stop}>
          {t('moving.stop')}
        </Button>
      )}
      {(status === 'preparing' || (prepared && moved === 0)) && (
        <Button variant="secondary" isDanger isDisabled={move.busy} onClick={move.remove}>
          {t('moving.removeTwin')}
        </Button>
      )}
      {status === 'finished' && (
        <>
          <span>{t('moving.isFinished')}</span>
          <Button variant="secondary" isDisabled={move.busy} onClick={move.remove}>
            {t('moving.forget')}
          </Button>
        </>
      )}
    </div>
  );
}
