using System.Text.RegularExpressions;
using HunyuanOrleans.Ptx.Decoding;
using HunyuanOrleans.Ptx.Execution;
using HunyuanOrleans.Ptx.Instructions;
using HunyuanOrleans.Ptx.Parsing;

namespace HunyuanOrleans.Ptx.Lint;

/// <summary>Finds what makes kernels slow or leaves their results to the assembler, without running them.</summary>
/// <param name="maxRegisters">The most 32-bit registers that may hold values at once.</param>
/// <param name="maxStaticSharedBytes">The most shared memory whose size the module may decide, in bytes.</param>
public sealed partial class PtxLint(int maxRegisters = 255, int maxStaticSharedBytes = 48 << 10)
{
    private static readonly (Regex Pattern, string Finding)[] Forbidden =
    [
        (Local(), "Local memory is used"),
        (Function(), "Another function is used"),
        (Call(), "A function is called"),
        (Approximation(), "The result of an approximation is not specified"),
    ];

    /// <summary>Checks a module with one entry.</summary>
    public LintReport Check(string ptx)
    {
        List<string> findings = [];
        string[] lines = ptx.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            string line = Comment().Replace(lines[i], "").Trim();
            findings.AddRange(Forbidden.Where(rule => rule.Pattern.IsMatch(line)).Select(rule => $"{rule.Finding} in line {i + 1}: {line}"));
        }

        try
        {
            PtxEntry entry = PtxModule.Parse(ptx).Entries.Single();
            return Measure(entry, findings);
        }
        catch (PtxSyntaxException error)
        {
            findings.Add(error.Message);
            return new LintReport("", findings, 0, 0, false);
        }
    }

    private LintReport Measure(PtxEntry entry, List<string> findings)
    {
        KernelProgram program = ProgramBuilder.Build(entry, allowsContraction: false);
        findings.AddRange(program.Code.OfType<FaultInstruction>().Select(static fault => $"{fault.Reason} It is in line {fault.Line}: {fault.Text}"));
        int registers = Liveness.MaxRegisters(program);
        int shared = entry.Shared.Sum(static shared => shared.Size);
        if (registers > maxRegisters)
        {
            findings.Add($"{registers} registers hold values at once; {maxRegisters} are allowed.");
        }

        if (shared > maxStaticSharedBytes)
        {
            findings.Add($"The module decides on {shared} bytes of shared memory; {maxStaticSharedBytes} are allowed.");
        }

        return new LintReport(entry.Name, findings, registers, shared, entry.Statements.Any(static statement => VectorLoad().IsMatch(statement.Opcode)));
    }

    [GeneratedRegex(@"\.local\b")]
    private static partial Regex Local();

    [GeneratedRegex(@"\.func\b")]
    private static partial Regex Function();

    [GeneratedRegex(@"(^|\s)call(\.|\s)")]
    private static partial Regex Call();

    [GeneratedRegex(@"\.approx\b")]
    private static partial Regex Approximation();

    [GeneratedRegex(@"//.*$")]
    private static partial Regex Comment();

    [GeneratedRegex(@"^ld\.global\..*v4\.[bufs]32$")]
    private static partial Regex VectorLoad();
}
