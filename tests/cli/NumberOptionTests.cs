using System.CommandLine;
using HunyuanOrleans.Cli.CommandLine;
using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>Every option that takes a number refuses commas, whether they are meant as decimal points or as separators of thousands.</summary>
public sealed class NumberOptionTests
{
    private static readonly Type[] Numbers =
        [typeof(int?), typeof(long?), typeof(ulong?), typeof(float?), typeof(double?), typeof(int), typeof(long), typeof(ulong), typeof(float), typeof(double)];

    public static TheoryData<string, string> Options()
    {
        TheoryData<string, string> options = [];
        foreach (Command verb in CommandTree.Create().Subcommands)
        {
            foreach (Option option in verb.Options.Where(option => Numbers.Contains(option.ValueType)))
            {
                options.Add(verb.Name, option.Name);
            }
        }

        return options;
    }

    [Theory]
    [MemberData(nameof(Options))]
    public void Commas_are_refused(string verb, string option)
    {
        foreach (string text in new[] { "0,5", "1,000", "1,5", "2,5GB" })
        {
            ParseResult parsed = CommandTree.Create().Parse([verb, option, text]);
            Assert.Contains(parsed.Errors, error => error.Message.StartsWith(option, StringComparison.Ordinal) && error.Message.Contains($"'{text}'", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void The_options_of_all_verbs_are_found() =>
        Assert.True(Options().Count > 50, $"Only {Options().Count} numeric options were found.");

    [Theory]
    [InlineData("--temperature", "0,5")]
    [InlineData("--top-p", "0,9")]
    public void The_error_says_how_decimals_are_written(string option, string text) =>
        CliProcess.Run("generate", "hello", option, text).FailedWith(2, option, $"'{text}'", "with a point, such as 0.5");
}
