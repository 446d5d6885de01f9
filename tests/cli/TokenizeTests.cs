using System.Text.Json;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>The verb tokenize.</summary>
public sealed class TokenizeTests
{
    private const int DemoEos = 4340;

    [Fact]
    public void Text_gives_ids_and_their_text()
    {
        JsonElement json = CliProcess.Run("tokenize", "--text", "你好，世界 hello", "--json").Json();
        Assert.Equal("你好，世界 hello", json.GetProperty("text").GetString());
        Assert.True(json.GetProperty("ids").GetArrayLength() > 4);
        Assert.Equal(["ids", "text"], json.EnumerateObject().Select(p => p.Name));
    }

    [Fact]
    public void Special_tokens_in_a_text_are_recognised_only_with_the_option()
    {
        Assert.DoesNotContain(DemoEos, Ids(CliProcess.Run("tokenize", "--text", "a<|eos|>", "--json")));
        Assert.Equal(DemoEos, Ids(CliProcess.Run("tokenize", "--text", "a<|eos|>", "--special", "--json"))[^1]);
    }

    [Fact]
    public void A_file_reads_like_its_text_and_plain_output_is_a_list_for_ids()
    {
        using TempFolder temp = new();
        string file = temp.Write("text.txt", "两行\n文字\n");
        int[] ids = Ids(CliProcess.Run("tokenize", "--file", file, "--json"));
        Assert.Equal(ids, Ids(CliProcess.Run("tokenize", "--text", "两行\n文字\n", "--json")));
        Assert.Equal(string.Join(',', ids) + "\n", CliProcess.Run("tokenize", "--file", file).Output);
    }

    [Fact]
    public void A_text_may_start_with_an_at_sign() =>
        Assert.Equal("@home", CliProcess.Run("tokenize", "--text", "@home", "--json").Json().GetProperty("text").GetString());

    [Fact]
    public void Each_line_gives_an_object()
    {
        using TempFolder temp = new();
        string file = temp.Write("lines.jsonl", "{\"text\":\"一\"}\n\n{\"text\":\"\",\"other\":1}\n{\"text\":\"a b\"}\n");
        CliResult result = CliProcess.Run("tokenize", "--lines", file, "--json");
        Assert.Equal(0, result.Code);
        string[] texts = [.. result.Output.TrimEnd('\n').Split('\n').Select(l => JsonDocument.Parse(l).RootElement.GetProperty("text").GetString()!)];
        Assert.Equal(["一", "", "a b"], texts);
    }

    [Theory]
    [InlineData("{\"text\":1}", "line 2", "\"text\"")]
    [InlineData("[]", "line 2", "\"text\"")]
    [InlineData("{", "line 2", "JSON")]
    [InlineData("{\"text\":\"\\ud800\"}", "line 2", "JSON")]
    public void The_error_names_an_invalid_line(string line, params string[] parts)
    {
        using TempFolder temp = new();
        CliResult result = CliProcess.Run("tokenize", "--lines", temp.Write("lines.jsonl", $"{{\"text\":\"a\"}}\n{line}\n"), "--json");
        Assert.Equal(1, result.Code);
        Assert.All(parts, part => Assert.Contains(part, result.Error, StringComparison.Ordinal));
    }

    [Fact]
    public void Messages_go_through_the_chat_template_as_recorded()
    {
        using TempFolder temp = new();
        foreach (JsonElement item in DemoExpected.Items.Where((_, i) => i % 7 == 0))
        {
            string file = temp.Write("messages.json", item.GetProperty("messages").GetRawText());
            JsonElement json = CliProcess.Run("tokenize", "--chat", file, "--json").Json();
            Assert.Equal(DemoExpected.Ids(item, "prompt_ids"), json.GetProperty("ids").EnumerateArray().Select(e => e.GetInt32()));
            Assert.Equal(item.GetProperty("prompt").GetString(), json.GetProperty("text").GetString());
        }
    }

    [SkippableFact]
    public void The_published_tokenizer_gives_the_recorded_ids_from_a_folder_without_a_model()
    {
        Skip.If(TestPaths.SharedGolden is null, "The published tokenizer is not beside this checkout.");
        string folder = Path.Combine(TestPaths.SharedGolden!, "tokenizer");
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "strings.json")));
        JsonElement[] strings = [.. golden.RootElement.GetProperty("strings").EnumerateArray()];
        using TempFolder temp = new();
        string lines = temp.Write("lines.jsonl", string.Join('\n', strings.Select(s => $"{{\"text\":{s.GetProperty("text").GetRawText()}}}")));

        CliResult result = CliProcess.Run("tokenize", "--model", folder, "--lines", lines, "--special", "--json");
        Assert.Equal(0, result.Code);
        string[] objects = result.Output.TrimEnd('\n').Split('\n');
        Assert.Equal(strings.Length, objects.Length);
        for (int i = 0; i < strings.Length; i++)
        {
            JsonElement given = JsonDocument.Parse(objects[i]).RootElement;
            Assert.Equal(DemoExpected.Ids(strings[i], "ids"), DemoExpected.Ids(given, "ids"));
            Assert.Equal(strings[i].GetProperty("decoded").GetString(), given.GetProperty("text").GetString());
        }
    }

    private static int[] Ids(CliResult result) => DemoExpected.Ids(result.Json(), "ids");
}
