using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>The options --lora of generate, logits, serve and bench, and the verb merge.</summary>
public sealed class AdapterTests
{
    private const float Tolerance = 2e-4f;

    public static TheoryData<string> Names => [.. GoldenAdapter.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Logits_and_answers_with_an_adapter_are_those_of_the_publishers_code(string name)
    {
        GoldenAdapter golden = GoldenAdapter.Load(name);
        using TempFolder temp = new();
        foreach (GoldenPrompt prompt in golden.Prompts)
        {
            string[] basis = ["--model", golden.ModelFolder, "--ids", prompt.IdList, "--mode", "f32", "--lora", golden.Folder];
            CliProcess.Run(["logits", .. basis, "--all", "--out", temp.File("l")]).Json();
            float[] logits = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(temp.File("l"))).ToArray();
            float[] recorded = [.. prompt.LogitPositions.SelectMany(position => logits.AsSpan(position * prompt.Vocabulary, prompt.Vocabulary).ToArray())];
            Assert.InRange(recorded.Zip(prompt.Logits, static (a, b) => MathF.Abs(a - b)).Max(), 0, Tolerance);
        }

        GoldenPrompt asked = golden.Prompts.Single(static prompt => prompt.Ids.Length == 33);
        JsonElement answer = CliProcess.Run(
            "generate", "--model", golden.ModelFolder, "--ids", asked.IdList, "--greedy", "--ignore-eos", "--max-tokens", "32", "--mode", "f32", "--lora", golden.Folder, "--json").Json();
        Assert.Equal(asked.GreedyIds, DemoExpected.Ids(answer, "ids"));
    }

    [Fact]
    public void A_merged_model_answers_like_the_model_with_the_adapter()
    {
        GoldenAdapter golden = GoldenAdapter.Load("tiny-cla-all-rslora");
        using TempFolder temp = new();
        JsonElement merged = CliProcess.Run(
            "merge", "--model", golden.ModelFolder, "--lora", golden.Folder, "--out", temp.File("out"), "--dtype", "f32", "--json").Json();
        Assert.True(merged.GetProperty("bytes").GetInt64() > 0);
        GoldenPrompt prompt = golden.Prompts.Single(static prompt => prompt.Ids.Length == 33);
        JsonElement answer = CliProcess.Run(
            "generate", "--model", temp.File("out"), "--ids", prompt.IdList, "--greedy", "--ignore-eos", "--max-tokens", "32", "--mode", "f32", "--json").Json();
        Assert.Equal(prompt.GreedyIds, DemoExpected.Ids(answer, "ids"));
        Assert.Contains("float32", CliProcess.Run("inspect", temp.File("out"), "--json").Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tiny-hy3")]
    [InlineData("tiny-hy3-outer")]
    public void Experts_that_share_a_tensor_are_merged_too(string name)
    {
        using TempFolder temp = new();
        string model = TestPaths.Model(name);
        RandomAdapter.Write(temp.File("lora"), ModelConfig.Load(model), 3, ["q_proj", "gate_proj", "up_proj", "down_proj"], 7);
        CliProcess.Run("merge", "--model", model, "--lora", temp.File("lora"), "--out", temp.File("merged"), "--dtype", "f32", "--json").Json();
        float[] bare = Logits(model), adapted = Logits(model, "--lora", temp.File("lora")), merged = Logits(temp.File("merged"));
        Assert.InRange(Largest(adapted, merged), 0, 1e-3f);
        Assert.True(Largest(bare, merged) > 0.1f);

        float[] Logits(string folder, params string[] more)
        {
            CliProcess.Run(["logits", "--model", folder, "--ids", "1,30,39,31,27,300,12", "--mode", "f32", "--all", "--out", temp.File("l"), .. more]).Json();
            return MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(temp.File("l"))).ToArray();
        }

        static float Largest(float[] a, float[] b) => a.Zip(b, static (x, y) => MathF.Abs(x - y)).Max();
    }

    [Fact]
    public async Task Serve_answers_with_the_adapters_of_its_command_line()
    {
        using TempFolder temp = new();
        RandomAdapter.Write(temp.File("one"), ModelConfig.Load(TestPaths.DemoModel), 4, ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"], 1);
        using Serving serving = await Serving.StartAsync("--lora", $"one={temp.File("one")}", "--lora", $"two={temp.File("one")}", "--lora-memory", "64MiB");
        using HttpClient client = new();
        JsonElement models = JsonDocument.Parse(await client.GetStringAsync($"{serving.Url}/v1/models")).RootElement.GetProperty("data");
        Assert.Equal(["demo-model", "one", "two"], models.EnumerateArray().Select(static model => model.GetProperty("id").GetString()));
        HashSet<string> answers = [];
        foreach (string name in new[] { "demo-model", "one", "two" })
        {
            string body = $$"""{"model":"{{name}}","messages":[{"role":"user","content":"法国的首都是哪里？"}],"max_tokens":8,"temperature":0}""";
            using HttpResponseMessage answer = await client.PostAsync($"{serving.Url}/v1/chat/completions", new StringContent(body, Encoding.UTF8, "application/json"));
            answers.Add(JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!);
        }

        Assert.Equal(2, answers.Count);
    }

    [Fact]
    public void Bench_compares_decoding_with_and_without_adapters()
    {
        JsonElement json = CliProcess.Run("bench", "--lora-rank", "4", "--prompt", "8", "--gen", "8", "--batch", "2", "--repeat", "1", "--json").Json();
        Assert.Equal(4, json.GetProperty("rank").GetInt32());
        JsonElement run = json.GetProperty("runs")[0];
        Assert.Equal(2, run.GetProperty("batch").GetInt32());
        Assert.True(run.GetProperty("tokens_per_second").GetDouble() > 0 && run.GetProperty("ratio").GetDouble() > 0);
        CliProcess.Run("bench", "--lora-rank", "4", "--gen", "1").FailedWith(2, "--gen is 1", "2 or more");
        Assert.Contains("with adapters", CliProcess.Run("bench", "--lora-rank", "4", "--prompt", "8", "--gen", "8", "--batch", "1", "--repeat", "1").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Errors_name_what_is_wrong()
    {
        GoldenAdapter golden = GoldenAdapter.Load("tiny-dense-qkvo");
        using TempFolder dora = TempFolder.CopyOf(golden.Folder);
        string config = File.ReadAllText(dora.File("adapter_config.json")).Replace("\"use_dora\": false", "\"use_dora\": true", StringComparison.Ordinal);
        dora.Write("adapter_config.json", config);
        string[] ask = ["--model", golden.ModelFolder, "--ids", "1,2"];
        CliProcess.Run(["logits", .. ask, "--lora", dora.Root]).FailedWith(1, "use_dora", "not supported");
        CliProcess.Run(["generate", .. ask, "--lora", dora.Root]).FailedWith(1, "use_dora", "not supported");
        CliProcess.Run(["merge", "--model", golden.ModelFolder, "--lora", dora.Root, "--out", dora.File("out")]).FailedWith(1, "use_dora");
        CliProcess.Run(["serve", "--model", golden.ModelFolder, "--port", "0", "--lora", $"a={dora.Root}"]).FailedWith(1, "use_dora");
        CliProcess.Run(["logits", .. ask, "--lora", "/does/not/exist"]).FailedWith(1, "/does/not/exist", "there is no such folder");
        CliProcess.Run(["logits", "--ids", "1,2", "--lora", golden.Folder]).FailedWith(1, "adapts a module that cannot be adapted");
        CliProcess.Run("serve", "--lora", "nothing").FailedWith(2, "--lora", "'nothing'");
        CliProcess.Run("serve", "--lora", "a=x", "--lora", "a=y").FailedWith(2, "--lora", "two adapters the name 'a'");
        CliProcess.Run("merge", "--lora", golden.Folder).FailedWith(2, "--out", "required");
        CliProcess.Run("merge", "--lora", golden.Folder, "--out", "x", "--dtype", "int8").FailedWith(2, "--dtype", "'int8'");
        CliProcess.Run("generate", "a", "--lora", golden.Folder, "--cluster", "127.0.0.1:1").FailedWith(2, "--lora", "clusters serve the bare model only");
    }
}
