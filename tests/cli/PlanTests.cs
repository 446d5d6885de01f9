using System.Text.Json;
using System.Text.RegularExpressions;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>The verb plan.</summary>
public sealed class PlanTests
{
    [Fact]
    public void Json_has_these_fields_and_no_others()
    {
        JsonElement plan = CliProcess.Run("plan", "--silos", "2", "--memory", "1GB", "--json").Json();
        Assert.Equal(["fits", "missing_bytes", "kv_bytes_per_token", "silos", "predicted"], Names(plan));
        Assert.True(plan.GetProperty("fits").GetBoolean());
        Assert.Equal(0, plan.GetProperty("missing_bytes").GetInt64());
        Assert.Equal(768, plan.GetProperty("kv_bytes_per_token").GetInt64());
        Assert.Equal(["decode_tokens_per_second"], Names(plan.GetProperty("predicted")));
        Assert.True(plan.GetProperty("predicted").GetProperty("decode_tokens_per_second").GetDouble() > 0);
        int[] attention = new int[6];
        int[,] experts = new int[6, 8];
        foreach (JsonElement silo in plan.GetProperty("silos").EnumerateArray())
        {
            Assert.Equal(["name", "attention", "experts", "weight_bytes", "kv_tokens"], Names(silo));
            Assert.InRange(silo.GetProperty("weight_bytes").GetInt64(), 1, 1_000_000_000);
            Assert.InRange(silo.GetProperty("kv_tokens").GetInt64(), 1, 1_000_000_000);
            foreach (int[] range in Ranges(silo, "attention"))
            {
                Assert.Equal(2, range.Length);
                for (int layer = range[0]; layer <= range[1]; layer++)
                {
                    attention[layer]++;
                }
            }

            foreach (int[] range in Ranges(silo, "experts"))
            {
                Assert.Equal(4, range.Length);
                for (int layer = range[0]; layer <= range[1]; layer++)
                {
                    for (int expert = range[2]; expert <= range[3]; expert++)
                    {
                        experts[layer, expert]++;
                    }
                }
            }
        }

        Assert.All(attention, count => Assert.Equal(1, count));
        Assert.All(experts.Cast<int>(), count => Assert.Equal(1, count));
    }

    [Fact]
    public void A_config_is_enough_and_a_model_that_does_not_fit_ends_with_code_1()
    {
        using TempFolder folder = new();
        File.Copy(Config("hunyuan-large"), folder.File("config.json"));
        string model = Path.GetDirectoryName(folder.File("config.json"))!;
        string[] h20 = ["plan", "--model", model, "--silos", "8", "--device", "h20"];
        CliResult refused = CliProcess.Run([.. h20, "--json"]);
        Assert.Equal(1, refused.Code);
        JsonElement json = JsonDocument.Parse(refused.Output).RootElement;
        Assert.False(json.GetProperty("fits").GetBoolean());
        long missing = json.GetProperty("missing_bytes").GetInt64();
        Assert.InRange(missing, 1_000_000_000, 50_000_000_000);
        Assert.Equal(8, json.GetProperty("silos").GetArrayLength());
        CliProcess.Run(h20).FailedWith(1, "does not fit", missing.ToString("N0", System.Globalization.CultureInfo.InvariantCulture));

        Assert.True(CliProcess.Run([.. h20, "--quant", "int8", "--json"]).Json().GetProperty("fits").GetBoolean());
        Assert.Equal(41984, CliProcess.Run([.. h20, "--quant", "fp8", "--kv", "fp8", "--json"]).Json().GetProperty("kv_bytes_per_token").GetInt64());
        JsonElement ample = CliProcess.Run([.. h20, "--memory", "120GiB", "--min-kv-tokens", "100000", "--json"]).Json();
        Assert.All(ample.GetProperty("silos").EnumerateArray(), s => Assert.InRange(s.GetProperty("kv_tokens").GetInt64(), 100_000, long.MaxValue));
        CliProcess.Run([.. h20, "--memory", "120GiB", "--min-kv-tokens", "100000000"]).FailedWith(1, "does not fit");
    }

    public static TheoryData<string, string> DocumentedPlans()
    {
        TheoryData<string, string> plans = [];
        string text = File.ReadAllText(Path.Combine(TestPaths.Root, "docs", "plans.md"));
        foreach (Match match in Regex.Matches(text, @"^    \$ \./run (plan .*)\n((?:    .*\n|\n(?=    ))+)", RegexOptions.Multiline))
        {
            plans.Add(match.Groups[1].Value, Regex.Replace(match.Groups[2].Value, "^    ", "", RegexOptions.Multiline));
        }

        return plans;
    }

    [Theory]
    [MemberData(nameof(DocumentedPlans))]
    public void The_documented_plans_match_the_output(string command, string shown)
    {
        using TempFolder folder = new();
        string[] words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int model = Array.IndexOf(words, "--model") + 1;
        string name = words[model];
        words[model] = Path.GetDirectoryName(folder.File("config.json"))!;
        File.Copy(Config(name), folder.File("config.json"));
        CliResult result = CliProcess.Run(words);
        string output = (result.Output + result.Error).Replace(words[model], name, StringComparison.Ordinal);
        Assert.Equal(Trimmed(shown), Trimmed(output));
    }

    [Fact]
    public void The_important_clusters_are_documented()
    {
        string commands = string.Join('\n', DocumentedPlans().Select(plan => (string)plan[0]));
        foreach (string shape in new[] { "--silos 16 --device h20", "--silos 8 --device h20 --quant int8", "--silos 8 --device h20 --quant fp8", "--silos 8 --device h200" })
        {
            Assert.Contains(shape, commands, StringComparison.Ordinal);
        }
    }

    private static string Trimmed(string text) => string.Join('\n', text.Split('\n').Select(line => line.TrimEnd())).Trim('\n');

    private static string Config(string name) => Path.Combine(TestPaths.Data, "configs", name + ".json");

    private static string[] Names(JsonElement element) => [.. element.EnumerateObject().Select(p => p.Name)];

    private static IEnumerable<int[]> Ranges(JsonElement silo, string field) =>
        silo.GetProperty(field).EnumerateArray().Select(range => range.EnumerateArray().Select(n => n.GetInt32()).ToArray());
}
