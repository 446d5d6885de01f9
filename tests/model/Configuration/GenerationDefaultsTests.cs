using System.Text.Json;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Configuration;

public sealed class GenerationDefaultsTests
{
    [Fact]
    public void Published_file_reads()
    {
        GenerationDefaults defaults = GenerationDefaults.Load(TestPaths.Model("tiny-cla"));
        Assert.Equal((0.7, 0.6, 20, 1.05, true), (defaults.Temperature, defaults.TopP, defaults.TopK, defaults.RepetitionPenalty, defaults.DoSample));
        Assert.Equal([509, 510], defaults.EosTokenIds);
        Assert.Null(defaults.MaxNewTokens);
    }

    [Fact]
    public void Demo_model_asks_for_greedy()
    {
        GenerationDefaults defaults = GenerationDefaults.Load(TestPaths.DemoModel);
        Assert.False(defaults.DoSample);
        Assert.Equal((1.0, 64), (defaults.RepetitionPenalty, defaults.MaxNewTokens));
    }

    [Fact]
    public void No_file_gives_the_published_values()
    {
        using var folder = new TempFolder();
        Assert.Same(GenerationDefaults.Published, GenerationDefaults.Load(folder.Root));
    }

    [Fact]
    public void Temperature_0_means_greedy() => Assert.False(Parse("""{"do_sample": true, "temperature": 0}""").DoSample);

    [Theory]
    [InlineData("temperature", "-1")]
    [InlineData("top_p", "1.5")]
    [InlineData("top_p", "0")]
    [InlineData("top_k", "-2")]
    [InlineData("top_k", "0.5")]
    [InlineData("repetition_penalty", "0")]
    [InlineData("do_sample", "\"true\"")]
    [InlineData("eos_token_id", "\"x\"")]
    [InlineData("eos_token_id", "[-2]")]
    [InlineData("max_new_tokens", "0")]
    public void Wrong_field(string field, string value)
    {
        ModelException e = Assert.Throws<ModelException>(() => Parse($$"""{"{{field}}": {{value}}}"""));
        Assert.StartsWith("generation_config.json: \"" + field, e.Message);
        Assert.Contains("allowed: ", e.Message, StringComparison.Ordinal);
    }

    private static GenerationDefaults Parse(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return GenerationDefaults.Parse(document.RootElement, "generation_config.json");
    }
}
