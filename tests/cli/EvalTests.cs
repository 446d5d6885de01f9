using System.Text.Json;
using HunyuanOrleans.Cli.Sessions;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>The verb eval.</summary>
public sealed class EvalTests
{
    [Theory]
    [InlineData("a；b", "b；a", true)]
    [InlineData("a；b", "a；b；", true)]
    [InlineData("a", "a；a", true)]
    [InlineData("a；b", "a", false)]
    [InlineData("无", "无", true)]
    [InlineData("无", "", false)]
    [InlineData("A", "a", false)]
    public void Exact_means_the_set_of_names(string label, string answer, bool right) =>
        Assert.Equal(right, new EvalItem("", label).IsCorrect(answer));

    [Fact]
    public void Divergence_is_measured_for_every_format()
    {
        string model = Path.Combine(TestPaths.Data, "models", "tiny-dense");
        JsonElement[] all = [.. CliProcess.Run("eval", "--kl", "--model", model, "--threads", "1", "--json").Json().EnumerateArray()];
        Assert.Equal(["bf16", "bf16-int8", "bf16-int8-all", "bf16-int4", "bf16-int4-all", "bf16-fp8"], all.Select(r => r.GetProperty("types").GetString()));
        Assert.All(all, r => Assert.InRange(r.GetProperty("mean_kl").GetDouble(), 1e-7, 1));
        Assert.True(all[0].GetProperty("mean_kl").GetDouble() < all[3].GetProperty("mean_kl").GetDouble());
        JsonElement one = Assert.Single(CliProcess.Run("eval", "--kl", "--model", model, "--quant", "int4", "--json").Json().EnumerateArray());
        Assert.Equal(all[3].GetProperty("mean_kl").GetDouble(), one.GetProperty("mean_kl").GetDouble());
        Assert.Equal(16 * 128, one.GetProperty("positions").GetInt32());
    }

    [Fact]
    public void Recorded_answers_count_as_right_and_others_do_not()
    {
        JsonElement[] items = [.. DemoExpected.Items.Where(i => i.GetProperty("kind").GetString() == "car")];
        using TempFolder temp = new();
        string[] lines = [.. items.Select((item, i) => Line(item, i == 3 ? "something else" : item.GetProperty("output_text").GetString()!))];
        string data = temp.Write("data.jsonl", string.Join('\n', lines));

        CliResult result = CliProcess.Run("eval", "--data", data, "--out", temp.File("answers"), "--mode", "f32", "--json");
        JsonElement json = result.Json();
        Assert.Equal(["accuracy", "items", "right"], json.EnumerateObject().Select(p => p.Name));
        Assert.Equal(items.Length, json.GetProperty("items").GetInt32());
        Assert.Equal(items.Length - 1, json.GetProperty("right").GetInt32());
        Assert.Equal((items.Length - 1.0) / items.Length, json.GetProperty("accuracy").GetDouble(), 12);
        Assert.Equal("", result.Error);

        JsonElement[] answers = [.. File.ReadAllLines(temp.File("answers")).Select(l => JsonDocument.Parse(l).RootElement)];
        Assert.Equal(items.Select(i => i.GetProperty("output_text").GetString()), answers.Select(a => a.GetProperty("answer").GetString()));
        Assert.Equal([3], Enumerable.Range(0, answers.Length).Where(i => !answers[i].GetProperty("right").GetBoolean()));
    }

    [Fact]
    public void Plain_output_has_every_answer_and_the_accuracy()
    {
        using TempFolder temp = new();
        string data = temp.Write("data.jsonl", Line(DemoExpected.Items[0], "奥迪a6l"));
        CliResult result = CliProcess.Run("eval", "--data", data);
        Assert.Equal("right  奥迪a6l\naccuracy 100.0 %: 1 of 1 exactly right\n", result.Output);
    }

    [Fact]
    public void An_empty_file_is_refused()
    {
        using TempFolder temp = new();
        string data = temp.Write("data.jsonl", "\n");
        CliProcess.Run("eval", "--data", data).FailedWith(1, data);
    }

    [SkippableFact]
    public void The_500_sentences_get_the_reference_accuracy()
    {
        Skip.If(TestPaths.DemoEval is null, "The accuracy set is not beside this checkout.");
        string data = Path.Combine(TestPaths.DemoEval!, "car_test.jsonl");
        JsonElement json = CliProcess.Run("eval", "--data", data, "--mode", "f32", "--json").Json();
        Assert.Equal(500, json.GetProperty("items").GetInt32());
        Assert.Equal(365, json.GetProperty("right").GetInt32());
    }

    private static string Line(JsonElement item, string label) =>
        $"{{\"input\":{item.GetProperty("messages").EnumerateArray().Last().GetProperty("content").GetRawText()},\"label\":\"{label}\"}}";
}
