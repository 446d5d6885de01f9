using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates.Jinja.Syntax;

/// <summary>An expression of a parsed template, with its line from 1. Trees are immutable and shared by all renderings.</summary>
internal abstract record Expr(int Line);

internal sealed record LiteralExpr(Value Value, int Line) : Expr(Line);

internal sealed record NameExpr(string Name, int Line) : Expr(Line);

internal sealed record SequenceExpr(Expr[] Items, bool IsTuple, int Line) : Expr(Line);

internal sealed record DictExpr((Expr Key, Expr Value)[] Pairs, int Line) : Expr(Line);

internal sealed record AttributeExpr(Expr Target, string Name, int Line) : Expr(Line);

internal sealed record IndexExpr(Expr Target, Expr Index, int Line) : Expr(Line);

internal sealed record SliceExpr(Expr Target, Expr? Start, Expr? Stop, Expr? Step, int Line) : Expr(Line);

internal sealed record CallExpr(Expr Target, CallArgs Args, int Line) : Expr(Line);

internal sealed record FilterExpr(Expr Target, FilterCall Filter, int Line) : Expr(Line);

internal sealed record TestExpr(Expr Target, string Name, CallArgs Args, int Line) : Expr(Line);

internal sealed record UnaryExpr(UnaryOp Op, Expr Operand, int Line) : Expr(Line);

internal sealed record BinaryExpr(BinaryOp Op, Expr Left, Expr Right, int Line) : Expr(Line);

/// <summary>A chain of <c>and</c> or of <c>or</c>. Its value is the operand that decides the result, as in Python.</summary>
internal sealed record LogicExpr(bool IsAnd, Expr[] Operands, int Line) : Expr(Line);

internal sealed record CompareExpr(Expr First, (CompareOp Op, Expr Right)[] Rest, int Line) : Expr(Line);

internal sealed record ConcatExpr(Expr[] Parts, int Line) : Expr(Line);

internal sealed record ConditionalExpr(Expr Condition, Expr Then, Expr? Else, int Line) : Expr(Line);

/// <summary>The arguments of a call, not yet evaluated.</summary>
internal sealed record CallArgs(Expr[] Positional, (string Name, Expr Value)[] Named, Expr? Star, Expr? StarStar)
{
    public static readonly CallArgs None = new([], [], null, null);
}

internal sealed record FilterCall(string Name, CallArgs Args, int Line);

internal enum UnaryOp
{
    Not,
    Negate,
    Plus,
}

internal enum BinaryOp
{
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
}

internal enum CompareOp
{
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
}
