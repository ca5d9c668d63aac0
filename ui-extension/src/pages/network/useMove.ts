// SPDX-License-Identifier: Apache-2.0
import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { api, body, type Schemas } from '../../api/client';
import type { MovingIn } from '../../api/model';
import { movingIn } from '../../api/queries';

type Step = Schemas['MovingInStep'];

/** The steps of a move, one at a time. */
export interface Move {
  readonly busy: boolean;
  readonly error: unknown;
  readonly prepare: (name: string) => void;
  readonly nics: (step: 'move' | 'revoke', ids: readonly string[]) => void;
  readonly all: (step: 'move' | 'revoke') => void;
  readonly finish: () => void;
  readonly remove: () => void;
  readonly stop: () => void;
}

/** Requests that bring nothing further in a row, after which what waits is left waiting. */
const IDLE_LIMIT = 3;
const PAUSE = 1_000;

function waiting(state: MovingIn): number {
  return (state.vnics?.vnic ?? []).filter((vnic) => vnic.status === 'waiting').length;
}

export function useMove(network: string): Move {
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const stopped = useRef(false);

  const show = (state: MovingIn) => {
    client.setQueryData(movingIn(network).queryKey, state);
  };
  const post = async (step: Step): Promise<MovingIn> => {
    const state = await body(
      api.POST('/networks/{id}/isolate', { params: { path: { id: network } }, body: step }),
    );
    show(state);
    return state;
  };

  const run = (action: () => Promise<unknown>) => {
    if (busy) {
      return;
    }
    stopped.current = false;
    setBusy(true);
    setError(undefined);
    action()
      .catch(async (e: unknown) => {
        setError(e);
        // What was done before the refusal is to be seen.
        await client.invalidateQueries({ queryKey: movingIn(network).queryKey });
      })
      .finally(() => {
        setBusy(false);
      });
  };

  /** A request moves for ten seconds; what still waits takes another one. */
  const untilNothingWaits = async (first: Step) => {
    let state = await post(first);
    let idle = 0;
    while (waiting(state) > 0 && idle < IDLE_LIMIT && !stopped.current) {
      const before = waiting(state);
      state = await post({ step: first.step });
      idle = waiting(state) < before ? 0 : idle + 1;
      if (idle > 0) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    }
  };

  return {
    busy,
    error,
    prepare: (name) => {
      run(() => post(name === '' ? { step: 'prepare' } : { step: 'prepare', name }));
    },
    nics: (step, ids) => {
      run(() => untilNothingWaits({ step, nics: { nic: ids.map((id) => ({ id })) } }));
    },
    all: (step) => {
      run(() => untilNothingWaits({ step, all: true }));
    },
    finish: () => {
      run(() => post({ step: 'finish' }));
    },
    remove: () => {
      run(async () => {
        await body(api.DELETE('/networks/{id}/isolate', { params: { path: { id: network } } }));
        await client.invalidateQueries({ queryKey: movingIn(network).queryKey });
      });
    },
    stop: () => {
      stopped.current = true;
    },
  };
}
