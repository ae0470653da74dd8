//! What keys do.

use crate::blocks::Category;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Command {
    LineDown,
    LineUp,
    HalfPageDown,
    HalfPageUp,
    PageDown,
    PageUp,
    Top,
    Bottom,
    NextTurn,
    PreviousTurn,
    NextTool,
    PreviousTool,
    NextBlock,
    PreviousBlock,
    Fold,
    FoldAll,
    Follow,
    Category(Category),
    NextAgent,
    PreviousAgent,
    OtherPane,
    Sidebar,
    Choose,
    Copy,
    Help,
    Redraw,
    Suspend,
    Back,
    Detach,
}
