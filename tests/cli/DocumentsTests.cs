using System.Diagnostics;
using System.Text.RegularExpressions;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>The README's examples match the program.</summary>
public sealed class DocumentsTests
{
    private const string CommandMark = "    $ ./run ";

    public static TheoryData<string, string> ReadmeExamples()
    {
        TheoryData<string, string> examples = [];
        string[] lines = File.ReadAllLines(Path.Combine(TestPaths.Root, "README.md"));
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith(CommandMark, StringComparison.Ordinal))
            {
                IEnumerable<string> output = lines.Skip(i + 1).TakeWhile(line => line.Length > 0 && !line.StartsWith("    $", StringComparison.Ordinal));
                examples.Add(lines[i][CommandMark.Length..], string.Concat(output.Select(line => line.Trim() + "\n")));
            }
        }

        return examples;
    }

    [Theory]
    [MemberData(nameof(ReadmeExamples))]
    public void The_readmes_examples_give_the_output_it_shows(string command, string shown)
    {
        CliResult result = CliProcess.Run(SplitByShell(command));
        Assert.Equal(0, result.Code);
        string pattern = "^" + Regex.Escape(shown).Replace("…", ".*", StringComparison.Ordinal) + "$";
        Assert.Matches(new Regex(pattern, RegexOptions.Singleline), result.Output);
    }

    private static string[] SplitByShell(string command)
    {
        ProcessStartInfo start = new("bash") { RedirectStandardOutput = true, StandardOutputEncoding = new System.Text.UTF8Encoding(false) };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add($"printf '%s\\0' {command}");
        using Process bash = Process.Start(start)!;
        return bash.StandardOutput.ReadToEnd().Split('\0')[..^1];
    }
}
