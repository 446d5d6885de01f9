using System.Globalization;
using System.Reflection;
using System.Text;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Values;

namespace HunyuanOrleans.Cuda.Compilation;

/// <summary>Writes the instruction of a method with a <see cref="PtxAttribute"/>. ILGPU calls it by name.</summary>
internal static class PtxEmitter
{
    /// <summary>Writes the instruction for a call.</summary>
    public static void Generate(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        MethodCall call = (MethodCall)value;
        string text = ((MethodInfo)call.Target.Source!).GetCustomAttribute<PtxAttribute>()!.Text;
        List<string[]> operands = [[]];
        for (int i = 0; i < call.Count; i++)
        {
            operands.Add(Names(generator, generator.Load(call[i])));
        }

        if (!call.Type.IsVoidType)
        {
            operands[0] = Names(generator, generator.Allocate(call));
        }

        generator.Builder.Append('\t').AppendLine(Fill(text, operands));
    }

    private static string Fill(string text, List<string[]> operands)
    {
        StringBuilder filled = new();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '$')
            {
                filled.Append(text[i]);
                continue;
            }

            string[] names = operands[text[++i] - '0'];
            int field = 0;
            if (i + 2 < text.Length && text[i + 1] == '.' && char.IsAsciiDigit(text[i + 2]))
            {
                field = text[i + 2] - '0';
                i += 2;
            }

            filled.Append(names[field]);
        }

        return filled.ToString();
    }

    // ILGPU keeps a constant without a register until it is asked for one.
    private static string[] Names(PTXCodeGenerator generator, PTXCodeGenerator.Register register) => register is PTXCodeGenerator.CompoundRegister compound
        ? [.. compound.Children.SelectMany(child => Names(generator, child))]
        : [NameOf(generator.EnsureHardwareRegister((PTXCodeGenerator.PrimitiveRegister)register))];

    private static string NameOf(PTXCodeGenerator.HardwareRegister register)
    {
        string prefix = register.Kind switch
        {
            PTXRegisterKind.Predicate => "p",
            PTXRegisterKind.Int16 => "rs",
            PTXRegisterKind.Int32 => "r",
            PTXRegisterKind.Int64 => "rd",
            PTXRegisterKind.Float32 => "f",
            PTXRegisterKind.Float64 => "fd",
            _ => throw new NotSupportedException($"Registers of kind {register.Kind} cannot be operands of an instruction."),
        };
        return string.Create(CultureInfo.InvariantCulture, $"%{prefix}{register.RegisterValue}");
    }
}
