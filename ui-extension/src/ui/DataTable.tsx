// SPDX-License-Identifier: Apache-2.0
import { Pagination } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState, type ReactNode } from 'react';

export interface Column<R> {
  readonly title: string;
  readonly cell: (row: R) => ReactNode;
  readonly width?: 10 | 15 | 20 | 25 | 30 | 35 | 40 | 45 | 50 | 60;
}

const SIZES = [20, 50, 100].map((value) => ({ title: String(value), value }));

/** A table in the portal's manner; a page of it at a time where it is long. */
export function DataTable<R>({
  label,
  columns,
  rows,
  id,
}: {
  readonly label: string;
  readonly columns: readonly Column<R>[];
  readonly rows: readonly R[];
  readonly id: (row: R) => string;
}) {
  const [wanted, setPage] = useState(1);
  const [size, setSize] = useState(20);
  // Rows may have become fewer.
  const page = Math.min(wanted, Math.max(1, Math.ceil(rows.length / size)));
  return (
    <>
      {/* Reached by keyboard, as it may have to be scrolled sideways. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="ip-table" tabIndex={0} role="group" aria-label={label}>
        <Table aria-label={label} variant="compact" gridBreakPoint="" isStriped>
          <Thead>
            <Tr>
              {columns.map((column) => (
                <Th key={column.title} modifier="wrap" {...(column.width ? { width: column.width } : {})}>
                  {column.title}
                </Th>
              ))}
            </Tr>
          </Thead>
          <Tbody>
            {rows.slice((page - 1) * size, page * size).map((row) => (
              <Tr key={id(row)}>
                {columns.map((column) => (
                  <Td key={column.title} dataLabel={column.title}>
                    {column.cell(row)}
                  </Td>
                ))}
              </Tr>
            ))}
          </Tbody>
        </Table>
      </div>
      {rows.length > 20 && (
        <Pagination
          isCompact
          itemCount={rows.length}
          page={page}
          perPage={size}
          perPageOptions={SIZES}
          titles={{ paginationAriaLabel: label }}
          onSetPage={(_, next) => {
            setPage(next);
          }}
          onPerPageSelect={(_, next) => {
            setSize(next);
            setPage(1);
          }}
        />
      )}
    </>
  );
}
