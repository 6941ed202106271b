/** AG Grid in the colours of the page: its parameters are our variables, so both themes follow. */

import { themeQuartz } from 'ag-grid-community'

export const gridLook = themeQuartz.withParams({
  backgroundColor: 'var(--surface)',
  foregroundColor: 'var(--text)',
  textColor: 'var(--text)',
  chromeBackgroundColor: 'var(--surface)',
  headerBackgroundColor: 'var(--surface)',
  headerTextColor: 'var(--text-3)',
  headerFontSize: 12,
  headerFontWeight: 500,
  accentColor: 'var(--accent)',
  borderColor: 'var(--line)',
  rowBorder: { color: 'var(--line)' },
  rowHoverColor: 'var(--hover)',
  selectedRowBackgroundColor: 'var(--accent-soft)',
  oddRowBackgroundColor: 'var(--surface)',
  wrapperBorder: false,
  // Round corners would be cut out of the rows again in every frame of a scroll: the card around keeps away from its own.
  wrapperBorderRadius: 0,
  headerColumnBorder: false,
  headerColumnResizeHandleColor: 'var(--line)',
  headerColumnResizeHandleHeight: '40%',
  fontFamily: 'var(--font)',
  fontSize: 13,
  dataFontSize: 13,
  spacing: 6,
  cellHorizontalPadding: 12,
  valueChangeValueHighlightBackgroundColor: 'var(--accent-soft)',
  checkboxCheckedBackgroundColor: 'var(--accent-solid)',
  checkboxCheckedBorderColor: 'var(--accent-solid)',
  checkboxUncheckedBorderColor: 'var(--text-3)',
  checkboxUncheckedBackgroundColor: 'transparent',
  focusShadow: '0 0 0 2px var(--focus)',
  cellTextColor: 'var(--text)',
})
