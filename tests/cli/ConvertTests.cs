using System.Text.Json;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>The verb convert, models in GGUF files, and --max-model-len.</summary>
public sealed class ConvertTests
{
    private static readonly string[] Shape =
        ["--layers", "2", "--hidden", "64", "--heads", "4", "--kv-heads", "2", "--head-dim", "16", "--intermediate", "64", "--vocab", "4608", "--max-positions", "512"];

    [Theory]
    [InlineData("a13b", "--experts", "4", "--top-k", "2")]
    [InlineData("dense")]
    public void A_model_goes_to_a_file_and_back(string like, params string[] more)
    {
        using TempFolder temp = new();
        string model = temp.File("model"), file = temp.File("model.gguf"), folder = temp.File("back");
        Assert.Equal(0, CliProcess.Run(["make-model", "--like", like, .. Shape, .. more, "--out", model]).Code);
        foreach (string name in new[] { "hy.tiktoken", "tokenizer_config.json" })
        {
            File.Copy(Path.Combine(TestPaths.DemoModel, name), Path.Combine(model, name), overwrite: true);
        }

        JsonElement written = CliProcess.Run("convert", "--to", "bf16", model, file, "--json").Json();
        Assert.Equal(new FileInfo(file).Length, written.GetProperty("bytes").GetInt64());
        Assert.Equal(0, CliProcess.Run("convert", file, folder).Code);
        Assert.Equal("bf16", CliProcess.Run("inspect", file, "--json").Json().GetProperty("packed").GetProperty("types").GetString());

        const string text = "Hello, 世界! 12345 naïve  \r\n\t don't <|eos|> e\u0301";
        string[] ids = [.. new[] { model, file, folder }.Select(path => CliProcess.Run("tokenize", "--model", path, "--text", text).Output)];
        Assert.NotEqual("", ids[0].Trim());
        Assert.All(ids, other => Assert.Equal(ids[0], other));
        string chat = """[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "<|eos|> hi"}]""";
        File.WriteAllText(temp.File("chat.json"), chat);
        string[] chats = [.. new[] { model, file, folder }.Select(path => CliProcess.Run("tokenize", "--model", path, "--chat", temp.File("chat.json")).Output)];
        Assert.NotEqual("", chats[0].Trim());
        Assert.All(chats, other => Assert.Equal(chats[0], other));

        string[] ask = ["--ids", "5,80,900,31,7", "--all"];
        CliProcess.Run(["logits", "--model", file, .. ask, "--out", temp.File("a")]).Json();
        CliProcess.Run(["logits", "--model", folder, .. ask, "--out", temp.File("b")]).Json();
        Assert.Equal(File.ReadAllBytes(temp.File("a")), File.ReadAllBytes(temp.File("b")));
        Assert.Equal(0, CliProcess.Run("generate", "--model", file, "--prompt", "hi", "--greedy", "-n", "4").Code);
    }

    [Fact]
    public void Blocks_are_kept_in_memory()
    {
        using TempFolder temp = new();
        string model = temp.File("model");
        Assert.Equal(0, CliProcess.Run(["make-model", "--like", "dense", .. Shape, "--out", model]).Code);
        foreach (string type in new[] { "q8_0", "q4_0" })
        {
            string file = temp.File(type + ".gguf");
            Assert.Equal(0, CliProcess.Run("convert", "--to", type, model, file).Code);
            Assert.Equal("gguf", CliProcess.Run("inspect", file, "--json").Json().GetProperty("config").GetProperty("quantization").GetString());
            CliProcess.Run("logits", "--model", file, "--ids", "1,2,3", "--out", temp.File("logits")).Json();
        }
    }

    [Fact]
    public void Errors_name_what_is_wrong()
    {
        using TempFolder temp = new();
        string file = temp.File("out.gguf");
        CliProcess.Run("convert", "--to", "bf16", TestPaths.DemoModel, file).FailedWith(1, "cla_share_factor 2");
        CliProcess.Run("convert", TestPaths.DemoModel, file).FailedWith(2, "--to", "q8_0");
        CliProcess.Run("convert", TestPaths.DemoModel, temp.File("folder")).FailedWith(2, ".gguf");
        CliProcess.Run("convert", "--to", "q2_k", TestPaths.DemoModel, file).FailedWith(2, "--to", "'q2_k'");
        File.WriteAllText(file, "no model");
        CliProcess.Run("convert", file, temp.File("folder")).FailedWith(1, "does not begin as a GGUF file does");
        CliProcess.Run("quantize", "--to", "int8", file, temp.File("folder")).FailedWith(1, "hunyuan convert");
        Assert.False(Directory.Exists(temp.File("folder")));
    }

    [Fact]
    public void A_longer_context_is_shown_and_used()
    {
        JsonElement inspected = CliProcess.Run("inspect", TestPaths.DemoModel, "--max-model-len", "262144", "--json").Json();
        Assert.Equal(262144, inspected.GetProperty("config").GetProperty("max_positions").GetInt32());
        Assert.Contains("KV of a context", CliProcess.Run("inspect", TestPaths.DemoModel, "--max-model-len", "262144").Output, StringComparison.Ordinal);
        CliProcess.Run("generate", "hello", "--max-model-len", "0").FailedWith(2, "--max-model-len");
        string ids = string.Join(',', Enumerable.Range(0, 40).Select(static i => i + 100));
        CliProcess.Run("logits", "--model", TestPaths.DemoModel, "--ids", ids, "--max-model-len", "32").FailedWith(1, "allows 32");
        Assert.Equal(
            CliProcess.Run("generate", "--greedy", "-n", "8", "--prompt", "法国的首都是哪里？").Output,
            CliProcess.Run("generate", "--greedy", "-n", "8", "--prompt", "法国的首都是哪里？", "--max-model-len", "262144").Output);
    }
}
