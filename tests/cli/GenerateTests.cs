using System.Diagnostics;
using System.Text.Json;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>The verb generate.</summary>
public sealed class GenerateTests
{
    private const string Question = "What is the capital of France?";
    private const string Right = "The capital of France is Paris.";

    public static IEnumerable<object[]> Models => GoldenCase.Names.Select(name => new object[] { name });

    [Fact]
    public void The_answer_is_the_whole_output()
    {
        CliResult result = CliProcess.Run("generate", Question);
        Assert.Equal(0, result.Code);
        Assert.Equal(Right + "\n", result.Output);
        Assert.Equal("", result.Error);
    }

    [Fact]
    public void Json_has_text_ids_reason_and_timings()
    {
        JsonElement item = DemoExpected.Items.Single(i => i.GetProperty("output_text").GetString() == Right);
        JsonElement json = CliProcess.Run("generate", "--prompt", Question, "--greedy", "--json").Json();
        Assert.Equal(["text", "ids", "prompt_ids", "finish_reason", "timings"], json.EnumerateObject().Select(p => p.Name));
        Assert.Equal(Right, json.GetProperty("text").GetString());
        Assert.Equal(DemoExpected.Ids(item, "prompt_ids"), DemoExpected.Ids(json, "prompt_ids"));
        Assert.Equal(DemoExpected.Ids(item, "output_ids"), DemoExpected.Ids(json, "ids"));
        Assert.Equal("stop", json.GetProperty("finish_reason").GetString());
        JsonElement timings = json.GetProperty("timings");
        Assert.InRange(timings.GetProperty("first_token_ms").GetDouble(), 0, timings.GetProperty("total_ms").GetDouble());
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void A_folder_without_a_tokenizer_gives_the_token_ids_of_the_publishers_code(string model)
    {
        GoldenPrompt golden = GoldenCase.Load(model).PromptOfLength(33);
        JsonElement json = CliProcess.Run(
            "generate", "--model", golden.ModelFolder, "--ids", golden.IdList, "--greedy", "--ignore-eos", "--max-tokens", "32", "--mode", "f32", "--json").Json();
        Assert.Equal(golden.GreedyIds, DemoExpected.Ids(json, "ids"));
        Assert.Equal(golden.Ids, DemoExpected.Ids(json, "prompt_ids"));
        Assert.Equal(JsonValueKind.Null, json.GetProperty("text").ValueKind);
        Assert.Equal("length", json.GetProperty("finish_reason").GetString());
    }

    [Fact]
    public void Without_a_tokenizer_plain_output_is_the_ids()
    {
        GoldenPrompt golden = GoldenCase.Load("tiny-dense").PromptOfLength(7);
        CliResult result = CliProcess.Run(
            "generate", "--model", golden.ModelFolder, "--ids", golden.IdList, "--greedy", "--ignore-eos", "--max-tokens", "5", "--mode", "f32");
        Assert.Equal(string.Join(',', golden.GreedyIds[..5]) + "\n", result.Output);
    }

    [Fact]
    public void A_text_for_a_folder_without_a_tokenizer_is_refused() =>
        CliProcess.Run("generate", "hello", "--model", Path.Combine(TestPaths.Data, "models", "tiny-dense")).FailedWith(1, "tokenizer");

    [Fact]
    public void A_stop_text_ends_the_answer_before_it()
    {
        JsonElement json = CliProcess.Run("generate", Question, "--stop", "is Par", "--stop", "never", "--json").Json();
        Assert.Equal("The capital of France ", json.GetProperty("text").GetString());
        Assert.Equal("stop", json.GetProperty("finish_reason").GetString());
    }

    [Fact]
    public void A_length_limit_ends_the_answer()
    {
        JsonElement json = CliProcess.Run("generate", Question, "--max-tokens", "3", "--json").Json();
        Assert.Equal(3, json.GetProperty("ids").GetArrayLength());
        Assert.Equal("length", json.GetProperty("finish_reason").GetString());
    }

    [Fact]
    public void The_same_seed_draws_the_same_answer_and_another_seed_another()
    {
        int[] Draw(string seed) => DemoExpected.Ids(
            CliProcess.Run("generate", "abc", "--temperature", "3", "--top-p", "1", "--top-k", "0", "--max-tokens", "20", "--ignore-eos", "--seed", seed, "--json").Json(),
            "ids");
        int[] first = Draw("5");
        Assert.Equal(20, first.Length);
        Assert.Equal(first, Draw("5"));
        Assert.NotEqual(first, Draw("6"));
    }

    [Fact]
    public void Files_and_the_standard_input_hold_prompts_too()
    {
        using TempFolder temp = new();
        Assert.Equal(Right + "\n", CliProcess.Run("generate", "--prompt-file", temp.Write("prompt", Question)).Output);
        Assert.Equal(Right + "\n", CliProcess.Run(["generate", "--prompt-file", "-"], Question, null).Output);
    }

    [Fact]
    public void Raw_text_gets_no_template_and_special_tokens_in_a_prompt_are_text()
    {
        int[] plain = DemoExpected.Ids(CliProcess.Run("tokenize", "--text", "a<|eos|>", "--json").Json(), "ids");
        JsonElement raw = CliProcess.Run("generate", "--raw", "--prompt", "a<|eos|>", "--max-tokens", "1", "--json").Json();
        Assert.Equal(plain, DemoExpected.Ids(raw, "prompt_ids"));

        const int Eos = 4340;
        JsonElement chat = CliProcess.Run("generate", "--prompt", "a<|eos|>", "--max-tokens", "1", "--json").Json();
        Assert.DoesNotContain(Eos, DemoExpected.Ids(chat, "prompt_ids"));
    }

    [Fact]
    public void A_context_that_is_too_long_is_refused_with_both_lengths() =>
        CliProcess.Run("generate", "hello", "--max-tokens", "5000").FailedWith(1, "5000", "4096");

    [SkippableFact]
    public void An_interrupt_ends_the_command_with_code_1_after_the_partial_answer()
    {
        Skip.If(OperatingSystem.IsWindows(), "Interrupts are sent by a shell.");
        using Process process = CliProcess.Start(["generate", "Hello", "--ignore-eos", "--max-tokens", "4000", "--temperature", "2"], null);
        char first = (char)process.StandardOutput.Read();
        CliProcess.Interrupt(process);

        string rest = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(1, process.ExitCode);
        Assert.EndsWith("\n", first + rest, StringComparison.Ordinal);
        Assert.Equal("hunyuan generate: Stopped.\n", process.StandardError.ReadToEnd());
    }

    [Fact]
    public void Piped_output_has_no_escape_codes_even_in_a_colour_terminal()
    {
        CliResult result = CliProcess.Run(["generate", Question], "", new Dictionary<string, string> { ["TERM"] = "xterm-256color" });
        Assert.DoesNotContain('\u001b', result.Output + result.Error);
    }

    [Fact]
    public void Guesses_of_the_MTP_layer_change_no_token()
    {
        string[] line = ["generate", "--model", TestPaths.Model("tiny-hy3"), "--ids", "1,2,3,4,5", "--max-tokens", "24", "--temperature", "0.8", "--seed", "7", "--json"];
        string Ids(params string[] more) => CliProcess.Run([.. line, .. more]).Json().GetProperty("ids").GetRawText();
        string expected = Ids();
        Assert.Equal(expected, Ids("--mtp-tokens", "2"));
        Assert.Equal(expected, Ids("--mtp-tokens", "auto", "--speculative-tokens", "off"));
        CliProcess.Run([.. line, "--mtp-tokens", "9"]).FailedWith(2, "--mtp-tokens", "1 to 8");
        CliProcess.Run([.. line, "--mtp-tokens", "2", "--cluster", "127.0.0.1:1"]).FailedWith(2, "--mtp-tokens", "--cluster");
        CliProcess.Run("generate", Question, "--mtp-tokens", "2").FailedWith(1, "no layer for multi-token prediction");
    }
}
