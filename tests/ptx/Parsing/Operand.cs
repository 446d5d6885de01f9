namespace HunyuanOrleans.Ptx.Parsing;

/// <summary>An operand of an instruction as it is written.</summary>
internal abstract record Operand;

/// <summary>A register, such as %r1 or %tid.x.</summary>
/// <param name="Name">Its name with the percent sign.</param>
/// <param name="Negated">Whether an exclamation mark stands before it.</param>
internal sealed record RegisterOperand(string Name, bool Negated) : Operand;

/// <summary>Two predicates that receive a result and its complement, such as %p1|%p2.</summary>
internal sealed record PairOperand(RegisterOperand First, RegisterOperand Second) : Operand;

/// <summary>A number that is an integer in the text.</summary>
internal sealed record IntegerOperand(long Value) : Operand;

/// <summary>A number that is a float in the text.</summary>
internal sealed record FloatOperand(double Value) : Operand;

/// <summary>Name of a parameter, of shared memory or of a label.</summary>
internal sealed record SymbolOperand(string Name) : Operand;

/// <summary>Memory: a register, symbol or number, and an offset.</summary>
internal sealed record AddressOperand(Operand Base, long Offset) : Operand;

/// <summary>Several operands in braces.</summary>
internal sealed record VectorOperand(IReadOnlyList<Operand> Elements) : Operand;

/// <summary>The underscore, which discards a result.</summary>
internal sealed record DiscardOperand : Operand;
