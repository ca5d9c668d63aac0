// SPDX-License-Identifier: Apache-2.0
import {
  Checkbox,
  Form,
  FormSelect,
  FormSelectOption,
  Radio,
  TextArea,
  TextInput,
} from '@patternfly/react-core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { COMMUNITY_NAME, ineligible, level, lowestOpen, type Cluster, type Gate } from '../../api/model';
import { clusters, dataCenters, gate } from '../../api/queries';
import { t } from '../../messages';
import { NEW_NETWORK } from '../../portal/places';
import { Dialog, finish } from '../../ui/Dialog';
import { Field } from '../../ui/Field';
import { GateLabel, Name, ineligibleText } from '../../ui/parts';
import { Loaded, TroubleAlert } from '../../ui/states';
import { RoleChoice } from '../role/RoleChoice';
import { NOTHING_MADE, Unfinished, create, missing, type FieldErrors, type Made, type Wish } from './create';
import { Note } from '../../ui/Note';

const FORM = 'new-network';
const EMPTY: Wish = {
  name: '',
  description: '',
  dataCenter: '',
  vlan: '',
  mtu: '',
  clusters: [],
  uplink: 'open',
  gateways: '',
  role: { kind: 'isolated' },
};

/** The dialog New isolated network. */
export function NewNetworkPage() {
  const [wish, setWish] = useState<Wish>(EMPTY);
  const [made, setMade] = useState<Made>(NOTHING_MADE);
  const [errors, setErrors] = useState<FieldErrors>({});
  const all = useQuery(dataCenters());
  const dataCenter = wish.dataCenter === '' ? (all.data?.[0]?.id ?? '') : wish.dataCenter;
  const wanted: Wish = { ...wish, dataCenter };

  const making = useMutation({
    mutationFn: () => create(wanted, made),
    onSuccess: (done) => {
      finish(NEW_NETWORK, 'success', t('create.done', { name: done.network?.name ?? '' }));
    },
    onError: (e) => {
      if (e instanceof Unfinished) {
        setMade(e.made);
        setErrors(e.cause.trouble === 'refused' ? { [e.field]: e.message } : {});
      }
    },
  });
  const trouble = making.error instanceof Unfinished ? making.error.cause : making.error;
  const elsewhere = trouble !== null && (Object.keys(errors).length === 0 || errors.form !== undefined);
  const there = made.network !== undefined;
  const set = (part: Partial<Wish>) => {
    setWish({ ...wish, ...part });
  };
  const text = (name: 'name' | 'description' | 'vlan' | 'mtu', error?: string, help?: string) => ({
    id: name,
    value: wish[name],
    isDisabled: there,
    validated: error === undefined ? ('default' as const) : ('error' as const),
    'aria-describedby': error === undefined && help === undefined ? undefined : `${name}-help`,
    onChange: (_: unknown, value: string) => {
      set({ [name]: value });
    },
  });

  return (
    <Dialog
      place={NEW_NETWORK}
      form={FORM}
      submit={t(there ? 'create.again' : 'create.submit')}
      busy={making.isPending}
      blocked={dataCenter === ''}
    >
      <Form
        id={FORM}
        isHorizontal
        onSubmit={(event) => {
          event.preventDefault();
          const wrong = missing(wanted);
          if (wish.role.kind === 'community' && !COMMUNITY_NAME.test(wish.role.name)) {
            wrong.role = t('role.communityRule');
          }
          setErrors(wrong);
          if (Object.keys(wrong).length === 0) {
            making.mutate();
          }
        }}
      >
        {elsewhere && !making.isPending && <TroubleAlert error={trouble} />}
        {made.network !== undefined && !making.isPending && (
          <Note variant="warning" title={t('create.unfinished', { name: made.network.name })} />
        )}
        <Field id="name" label={t('create.name')} required error={errors.name} help={t('create.nameHelp')}>
          <TextInput {...text('name', errors.name, '')} isRequired maxLength={256} />
        </Field>
        <Field id="description" label={t('create.description')}>
          <TextInput {...text('description')} maxLength={4000} />
        </Field>
        <Field id="data-center" label={t('create.dataCenter')} required>
          <Loaded query={all} what={t('create.dataCenter')} lines={1}>
            {(list) => (
              <FormSelect
                id="data-center"
                value={dataCenter}
                isDisabled={there}
                onChange={(_, value) => {
                  set({ dataCenter: value, clusters: [] });
                }}
              >
                {list.map((each) => (
                  <FormSelectOption key={each.id} value={each.id} label={each.name} />
                ))}
              </FormSelect>
            )}
          </Loaded>
        </Field>
        <Field id="vlan" label={t('create.vlan')} error={errors.vlan} help={t('create.vlanHelp')}>
          <TextInput {...text('vlan', errors.vlan, '')} inputMode="numeric" />
        </Field>
        <Field id="mtu" label={t('create.mtu')} error={errors.mtu} help={t('create.mtuHelp')}>
          <TextInput {...text('mtu', errors.mtu, '')} inputMode="numeric" />
        </Field>
        <Field id="clusters" label={t('create.clusters')} group error={errors.clusters}>
          <ClusterChoice
            dataCenter={dataCenter}
            chosen={wish.clusters.map((each) => each.id)}
            attached={made.attached}
            onChange={(cluster, on) => {
              const others = wish.clusters.filter((each) => each.id !== cluster.id);
              set({ clusters: on ? [...others, { id: cluster.id, name: cluster.name }] : others });
            }}
          />
        </Field>
        <Field id="uplink" label={t('create.uplink')} group>
          {(['open', 'gateways'] as const).map((mode) => (
            <Radio
              key={mode}
              id={`uplink-${mode}`}
              name="uplink"
              label={t(`uplink.${mode}`)}
              description={t(`uplink.${mode}Means`)}
              isChecked={wish.uplink === mode}
              isDisabled={made.uplink}
              onChange={() => {
                set({ uplink: mode });
              }}
            />
          ))}
        </Field>
        {wish.uplink === 'gateways' && (
          <Field
            id="gateways"
            label={t('create.gateways')}
            required
            error={errors.gateways}
            help={t('create.gatewaysHelp')}
          >
            <TextArea
              id="gateways"
              value={wish.gateways}
              rows={2}
              isDisabled={made.uplink}
              validated={errors.gateways === undefined ? 'default' : 'error'}
              aria-describedby="gateways-help"
              onChange={(_, value) => {
                set({ gateways: value });
              }}
            />
          </Field>
        )}
        <Field id="role" label={t('create.role')} group error={errors.role} help={t('create.roleHelp')}>
          <RoleChoice
            role={wish.role}
            disabled={made.role}
            onChange={(role) => {
              set({ role });
            }}
          />
        </Field>
      </Form>
    </Dialog>
  );
}

function ClusterChoice({
  dataCenter,
  chosen,
  attached,
  onChange,
}: {
  readonly dataCenter: string;
  readonly chosen: readonly string[];
  readonly attached: readonly string[];
  readonly onChange: (cluster: Cluster, on: boolean) => void;
}) {
  const all = useQuery(clusters());
  const gates = useQuery(gate());
  return (
    <Loaded query={gates} what={t('gate.title')} lines={1}>
      {(known: Gate) => (
        <Loaded query={all} what={t('create.clusters')} lines={2}>
          {(list) => {
            const here = list.filter((each) => each.data_center?.id === dataCenter);
            return here.length === 0 ? (
              <p className="ip-muted">{t('create.noClusters')}</p>
            ) : (
              here.map((cluster) => {
                const why = ineligible(cluster, known);
                const done = attached.includes(cluster.id);
                return (
                  <Checkbox
                    key={cluster.id}
                    id={`cluster-${cluster.id}`}
                    label={
                      <span className="ip-row">
                        <Name>{cluster.name}</Name>
                        <span className="ip-muted">{t('create.level', { level: level(cluster) })}</span>
                        <GateLabel value={known.get(level(cluster))} why={why} />
                      </span>
                    }
                    description={
                      why === undefined ? undefined : ineligibleText(why, level(cluster), lowestOpen(known))
                    }
                    isChecked={done || chosen.includes(cluster.id)}
                    isDisabled={done || why !== undefined}
                    onChange={(_, on) => {
                      onChange(cluster, on);
                    }}
                  />
                );
              })
            );
          }}
        </Loaded>
      )}
    </Loaded>
  );
}
