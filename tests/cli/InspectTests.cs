using System.Text.Json;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>The verbs inspect and make-model.</summary>
public sealed class InspectTests
{
    [Fact]
    public void The_demo_model_is_described_as_its_readme_says()
    {
        JsonElement json = CliProcess.Run("inspect", "--json").Json();
        Assert.Equal(5_394_240, json.GetProperty("parameters").GetProperty("total").GetInt64());
        Assert.Equal(768, json.GetProperty("kv_bytes_per_token").GetInt64());
        Assert.Equal(8, json.GetProperty("config").GetProperty("experts").GetInt32());
        Assert.Equal(2, json.GetProperty("config").GetProperty("cla_factor").GetInt32());
        long stored = json.GetProperty("bytes_by_dtype").EnumerateObject().Sum(p => p.Value.GetInt64());
        Assert.InRange(stored, 5_394_240 * 2, 10_831_056);
        Assert.Equal(JsonValueKind.Null, json.GetProperty("problem").ValueKind);
    }

    [Fact]
    public void Plain_output_has_the_figures_and_no_escape_codes()
    {
        CliResult result = CliProcess.Run("inspect", TestPaths.DemoModel);
        Assert.Equal(0, result.Code);
        Assert.Contains("5,394,240", result.Output, StringComparison.Ordinal);
        Assert.Contains("768 bytes per token", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', result.Output + result.Error);
    }

    [Fact]
    public void The_environment_names_another_default_model()
    {
        string other = Path.Combine(TestPaths.Data, "models", "tiny-dense");
        JsonElement json = CliProcess.Run(["inspect", "--json"], "", new Dictionary<string, string> { ["HUNYUAN_MODEL"] = other }).Json();
        Assert.Equal(other, json.GetProperty("model").GetString());
        Assert.Equal(347_904, json.GetProperty("parameters").GetProperty("total").GetInt64());
    }

    [Fact]
    public void The_layer_for_multi_token_prediction_is_shown_beside_the_model()
    {
        JsonElement json = CliProcess.Run("inspect", TestPaths.Model("tiny-hy3"), "--json").Json();
        JsonElement mtp = json.GetProperty("mtp");
        Assert.Equal((134_512, 128), (mtp.GetProperty("parameters").GetInt64(), mtp.GetProperty("kv_bytes_per_token").GetInt64()));
        Assert.InRange(mtp.GetProperty("bytes").GetInt64(), 2 * 134_512, json.GetProperty("packed").GetProperty("bytes").GetInt64() / 2);
        Assert.Contains("with --mtp-tokens", CliProcess.Run("inspect", TestPaths.Model("tiny-hy3")).Output, StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, CliProcess.Run("inspect", TestPaths.Model("tiny-hy3-fp32"), "--json").Json().GetProperty("mtp").ValueKind);
    }

    [Fact]
    public void Hunyuan_large_takes_81920_bytes_of_cache_per_token()
    {
        using TempFolder temp = new();
        Directory.CreateDirectory(temp.File("large"));
        temp.Write("large/config.json", """
            {"model_type":"hunyuan","num_hidden_layers":64,"hidden_size":6400,"num_attention_heads":80,"num_key_value_heads":8,
             "intermediate_size":18304,"num_experts":16,"moe_topk":1,"num_shared_expert":1,"use_mixed_mlp_moe":true,"use_cla":true,
             "cla_share_factor":2,"use_qk_norm":true,"rope_theta":10000,"rope_scaling":{"type":"dynamic","alpha":1000,"factor":1},
             "max_position_embeddings":131072,"vocab_size":128512,"tie_word_embeddings":true,"rms_norm_eps":1e-5,"eos_token_id":127960}
            """);
        JsonElement json = CliProcess.Run("inspect", temp.File("large"), "--json").Json();
        Assert.Equal(81_920, json.GetProperty("kv_bytes_per_token").GetInt64());

        // One byte per element, and two bytes of scale each for key and value, for 8 heads in 32 groups of layers.
        Assert.Equal(40_960 + (32 * 8 * 4), json.GetProperty("kv_bytes_by_format").GetProperty("fp8").GetInt64());
        Assert.Contains("81,920 bytes per token in bf16, 41,984 in int8 or fp8", CliProcess.Run("inspect", temp.File("large")).Output, StringComparison.Ordinal);
        Assert.InRange(json.GetProperty("parameters").GetProperty("total").GetInt64(), 388_500_000_000, 390_000_000_000);
    }

    [Fact]
    public void A_random_model_has_the_requested_shape_and_is_repeatable()
    {
        using TempFolder temp = new();
        string[] shape = ["--like", "large", "--scale", "0.02", "--vocab", "320", "--layers", "4", "--experts", "4", "--seed", "7", "--json"];
        JsonElement made = CliProcess.Run(["make-model", "--out", temp.File("a"), .. shape]).Json();
        CliProcess.Run(["make-model", "--out", temp.File("b"), .. shape]).Json();
        JsonElement seen = CliProcess.Run("inspect", temp.File("a"), "--json").Json();
        Assert.Equal(4, seen.GetProperty("config").GetProperty("layers").GetInt32());
        Assert.Equal(4, seen.GetProperty("config").GetProperty("experts").GetInt32());
        Assert.Equal(320, seen.GetProperty("config").GetProperty("vocab_size").GetInt32());
        Assert.Equal(
            made.GetProperty("parameters").GetProperty("total").GetInt64(), seen.GetProperty("parameters").GetProperty("total").GetInt64());
        Assert.Equal(File.ReadAllBytes(temp.File("a/model.safetensors")), File.ReadAllBytes(temp.File("b/model.safetensors")));

        CliProcess.Run(["make-model", "--out", temp.File("a"), .. shape]).FailedWith(1, temp.File("a"), "not empty");
    }

    [Fact]
    public void Damaged_weights_are_reported()
    {
        using TempFolder temp = new();
        Directory.CreateDirectory(temp.File("m"));
        foreach (string file in Directory.GetFiles(Path.Combine(TestPaths.Data, "models", "tiny-dense")))
        {
            File.Copy(file, temp.File("m/" + Path.GetFileName(file)));
        }

        string weights = Directory.GetFiles(temp.File("m"), "*.safetensors").Single();
        using (FileStream stream = File.OpenWrite(weights))
        {
            stream.SetLength(stream.Length - 100);
        }

        CliProcess.Run("inspect", temp.File("m")).FailedWith(1, Path.GetFileName(weights));
    }
}
