using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>A wrong command line ends with code 2, a failed command with code 1, and both with one line that describes the error.</summary>
public sealed class UsageTests
{
    [Theory]
    [InlineData("fly", "hunyuan", "'fly'")]
    [InlineData("generate hello --warp 9", "hunyuan generate", "'--warp'")]
    [InlineData("generate hello --threads 0", "--threads", "1 to 1024")]
    [InlineData("generate hello --threads two", "--threads", "'two'")]
    [InlineData("generate hello --temperature -1", "--temperature", "'-1'")]
    [InlineData("generate hello --temperature nan", "--temperature", "'nan'")]
    [InlineData("generate hello --top-p 0", "--top-p", "'0'")]
    [InlineData("generate hello --top-p 1.5", "--top-p", "'1.5'")]
    [InlineData("generate hello --max-tokens 0", "--max-tokens", "'0'")]
    [InlineData("generate hello --max-tokens 99999999999", "--max-tokens", "'99999999999'")]
    [InlineData("generate hello --seed -1", "--seed", "'-1'")]
    [InlineData("generate hello --mode int4", "--mode", "f32 or bf16")]
    [InlineData("generate hello --kv f32", "--kv", "bf16 or int8 or fp8")]
    [InlineData("eval --data x --kv int4", "--kv", "bf16 or int8 or fp8")]
    [InlineData("generate hello --greedy --temperature 1", "--greedy", "--temperature")]
    [InlineData("generate hello --prompt bye", "one of", "--prompt")]
    [InlineData("generate", "one of", "--prompt")]
    [InlineData("generate --ids 1,x", "--ids", "'x'")]
    [InlineData("generate --ids 1,-2", "--ids", "'-2'")]
    [InlineData("generate --ids 1,,2", "--ids", "''")]
    [InlineData("generate --prompt", "--prompt", "argument")]
    [InlineData("logits", "--ids", "required")]
    [InlineData("logits --ids 1 --chunk 0", "--chunk", "'0'")]
    [InlineData("tokenize", "exactly one of", "--text")]
    [InlineData("tokenize --text a --file b", "exactly one of", "--text")]
    [InlineData("eval", "--data", "required")]
    [InlineData("make-model", "--out", "required")]
    [InlineData("make-model --out x --like small", "--like", "'small'")]
    [InlineData("make-model --out x --scale 0", "--scale", "'0'")]
    [InlineData("bench --batch 1,0", "--batch", "'0'")]
    [InlineData("plan --silos 0", "--silos", "'0'")]
    [InlineData("plan --memory 0GB", "--memory", "'0GB'", "80GB")]
    [InlineData("plan --memory much", "--memory", "'much'")]
    [InlineData("plan --memory -1GB", "--memory", "'-1GB'")]
    [InlineData("plan --device h9000", "--device", "'h9000'", "h20")]
    [InlineData("plan --quant int3", "--quant", "'int3'", "int8")]
    [InlineData("plan --kv int3", "--kv", "'int3'", "fp8")]
    [InlineData("plan --min-kv-tokens 0", "--min-kv-tokens", "'0'")]
    [InlineData("plan extra", "'extra'")]
    public void Wrong_command_lines(string line, params string[] parts) => CliProcess.Run(line.Split(' ')).FailedWith(2, parts);

    [Theory]
    [InlineData("inspect /does/not/exist", "/does/not/exist")]
    [InlineData("generate hello --model /does/not/exist", "/does/not/exist")]
    [InlineData("generate --prompt-file /does/not/exist", "/does/not/exist")]
    [InlineData("generate --ids 1,2,4608", "4608")]
    [InlineData("logits --ids 1,2,99999", "99999")]
    [InlineData("logits --ids 1,2 --mode f32 --kv bf16", "Kv is bf16", "allowed: f32, int8 or fp8")]
    [InlineData("logits --model /does/not/exist --ids 1", "/does/not/exist")]
    [InlineData("tokenize --text a --model /does/not/exist", "/does/not/exist")]
    [InlineData("tokenize --file /does/not/exist", "/does/not/exist")]
    [InlineData("eval --data /does/not/exist", "/does/not/exist")]
    [InlineData("bench --model /does/not/exist", "/does/not/exist")]
    [InlineData("plan --model /does/not/exist", "/does/not/exist")]
    public void Work_that_fails(string line, params string[] parts) => CliProcess.Run(line.Split(' ')).FailedWith(1, parts);

    [Fact]
    public void Help_lists_the_verbs_on_the_output()
    {
        CliResult result = CliProcess.Run("--help");
        Assert.Equal(0, result.Code);
        foreach (string verb in new[] { "generate", "chat", "logits", "tokenize", "inspect", "eval", "make-model", "bench", "plan", "devices" })
        {
            Assert.Contains($"  {verb}", result.Output, StringComparison.Ordinal);
        }

        Assert.Equal("", result.Error);
    }

    [Fact]
    public void A_number_reads_the_same_in_every_locale()
    {
        Dictionary<string, string> german = new() { ["LC_ALL"] = "de_DE.UTF-8", ["LANG"] = "de_DE.UTF-8" };
        CliResult result = CliProcess.Run(["generate", "hello", "--top-p", "1.5"], "", german);
        result.FailedWith(2, "1.5", "must be a number from");
    }
}
