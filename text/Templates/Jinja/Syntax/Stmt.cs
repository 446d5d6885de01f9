using HunyuanOrleans.Text.Templates.Jinja.Text;

namespace HunyuanOrleans.Text.Templates.Jinja.Syntax;

/// <summary>A statement of a parsed template, with its line from 1.</summary>
internal abstract record Stmt(int Line);

internal sealed record TextStmt(OriginText Text, int Line) : Stmt(Line);

internal sealed record OutputStmt(Expr Value, int Line) : Stmt(Line);

internal sealed record DoStmt(Expr Value, int Line) : Stmt(Line);

internal sealed record SetStmt(AssignTarget Target, Expr Value, int Line) : Stmt(Line);

internal sealed record SetBlockStmt(AssignTarget Target, FilterCall[] Filters, Stmt[] Body, int Line) : Stmt(Line);

internal sealed record IfStmt((Expr Condition, Stmt[] Body)[] Branches, Stmt[] Else, int Line) : Stmt(Line);

internal sealed record ForStmt(AssignTarget Target, Expr Items, Expr? Filter, bool Recursive, Stmt[] Body, Stmt[] Else, int Line) : Stmt(Line);

internal sealed record LoopControlStmt(bool IsBreak, int Line) : Stmt(Line);

internal sealed record MacroStmt(MacroBody Macro, int Line) : Stmt(Line);

internal sealed record CallBlockStmt(CallExpr Call, MacroBody Caller, int Line) : Stmt(Line);

internal sealed record FilterBlockStmt(FilterCall[] Filters, Stmt[] Body, int Line) : Stmt(Line);

internal sealed record WithStmt((AssignTarget Target, Expr Value)[] Variables, Stmt[] Body, int Line) : Stmt(Line);

/// <summary>A block without an effect on the rendered text, such as Hugging Face's <c>{% generation %}</c>.</summary>
internal sealed record GroupStmt(Stmt[] Body, int Line) : Stmt(Line);

/// <summary>
/// A macro, or the body of a call block. Surplus arguments are errors unless the body uses varargs or kwargs.
/// </summary>
internal sealed record MacroBody(string Name, (string Name, Expr? Default)[] Parameters, Stmt[] Body, bool UsesVarargs, bool UsesKwargs);

/// <summary>The target of an assignment: a name, an attribute of a namespace, or several of these.</summary>
internal sealed record AssignTarget(string? Name, string? Attribute, AssignTarget[]? Parts, int Line);
