namespace HunyuanOrleans.Ptx.Parsing;

/// <summary>An instruction as it is written.</summary>
/// <param name="Line">Its line, from 1.</param>
/// <param name="Text">Its text with the semicolon.</param>
/// <param name="Guard">The predicate that decides whether it runs, if any.</param>
/// <param name="Opcode">Name and modifiers, such as add.rn.f32.</param>
/// <param name="Operands">The operands.</param>
internal sealed record Statement(int Line, string Text, RegisterOperand? Guard, string Opcode, IReadOnlyList<Operand> Operands);
