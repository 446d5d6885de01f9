using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>The verb train, as a user runs it.</summary>
public sealed class TrainTests
{
    private const string Chats = """
        {"messages":[{"role":"user","content":"What is 1+1?"},{"role":"assistant","content":"two"}]}
        {"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"你好"},{"role":"assistant","content":"你好！"},{"role":"user","content":"再见"},{"role":"assistant","content":"再见！"}]}
        {"messages":[{"role":"user","content":"What is 2+2?"},{"role":"assistant","content":"four"}]}
        """;

    [Fact]
    public void An_adapter_and_a_whole_model_are_trained_from_chats()
    {
        using TempFolder temp = new();
        string data = temp.Write("chats.jsonl", Chats);
        JsonElement adapter = CliProcess.Run(
            "train", "--train_data_file", data, "--output_dir", temp.File("adapter"), "--use_lora", "--lora_rank", "4", "--max-steps", "3", "--bf16", "--log_json", temp.File("log"), "--json").Json();
        Assert.Equal(3, adapter.GetProperty("steps").GetInt32());
        Assert.True(File.Exists(temp.File("adapter/adapter_model.safetensors")) && File.Exists(temp.File("adapter/adapter_config.json")) && File.Exists(temp.File("adapter/loss.svg")));
        Assert.Single(Directory.GetFiles(temp.File("adapter/runs"), "events.out.tfevents.*"));
        string[] log = File.ReadAllLines(temp.File("log"));
        Assert.Equal(3, log.Length);
        using JsonDocument first = JsonDocument.Parse(log[0]);
        Assert.Equal(["step", "loss", "micro_losses", "grad_norm", "lr"], first.RootElement.EnumerateObject().Select(static property => property.Name));

        JsonElement whole = CliProcess.Run(
            "train", "--data", data, "--out", temp.File("model"), "--num_train_epochs", "30", "--learning-rate", "1e-3", "--gradient_checkpointing", "--bf16", "--json").Json();
        Assert.True(whole.GetProperty("loss").GetDouble() < 0.1);
        Assert.Equal("two", CliProcess.Run("generate", "--model", temp.File("model"), "--system", "", "What is 1+1?").Output.Trim());
    }

    [Fact]
    public void A_dry_run_shows_what_would_be_trained_and_writes_nothing()
    {
        using TempFolder temp = new();
        CliResult result = CliProcess.Run("train", "--data", temp.Write("chats.jsonl", Chats), "--out", temp.File("out"), "--dry-run", "--max_seq_length", "30");
        Assert.Equal(0, result.Code);
        Assert.Contains("⟦<|extra_0|>two<|eos|>⟧", result.Output, StringComparison.Ordinal);
        Assert.Contains("⟦<|extra_0|>你好！<|eos|>⟧<|startoftext|>再见⟦<|extra_0|>再见！<|eos|>⟧", result.Output, StringComparison.Ordinal);
        Assert.Matches("steps +9, 0 of them warm-up, 3 in a pass", result.Output);
        Assert.Matches("time +about .* tokens/s", result.Output);
        Assert.False(Directory.Exists(temp.File("out")));
    }

    [Fact]
    public void Errors_name_what_is_wrong_before_anything_is_written()
    {
        using TempFolder temp = new();
        string data = temp.Write("chats.jsonl", Chats), wrong = temp.Write("wrong.jsonl", Chats + "\n{\"messages\":[]}\n{\n");
        string[] run = ["train", "--data", data, "--out", temp.File("out")];
        CliProcess.Run("train", "--out", temp.File("out")).FailedWith(2, "--train_data_file is required");
        CliProcess.Run("train", "--data", wrong, "--out", temp.File("out")).FailedWith(1, "2 of 5 lines", "line 4", "line 5");
        CliProcess.Run([.. run, "--deepspeed", "ds.json"]).FailedWith(2, "no DeepSpeed", "--gradient_checkpointing");
        CliProcess.Run([.. run, "--fp16"]).FailedWith(2, "--bf16");
        CliProcess.Run([.. run, "--lora_rank", "4"]).FailedWith(2, "--lora_rank", "--use_lora");
        CliProcess.Run([.. run, "--use_lora", "--lora_target_modules", "q_proj,w"]).FailedWith(2, "'w'", "down_proj");
        CliProcess.Run([.. run, "--min_lr", "0.01"]).FailedWith(1, "0.01", "a rate, not a factor");
        CliProcess.Run([.. run, "--lr_scheduler_type", "step"]).FailedWith(2, "'step'", "cosine_with_min_lr");
        CliProcess.Run([.. run, "--warmup_ratio", "2"]).FailedWith(2, "--warmup_ratio", "from 0 to 1");
        CliProcess.Run([.. run, "--min_lr", "0", "--lr_scheduler_type", "linear"]).FailedWith(2, "--min_lr needs");
        CliProcess.Run([.. run, "--warmup_steps", "2", "--lr_scheduler_type", "constant"]).FailedWith(2, "--warmup_steps", "constant_with_warmup");
        CliProcess.Run([.. run, "--eval_steps", "2"]).FailedWith(2, "--eval_steps needs");
        CliProcess.Run([.. run, "--save_total_limit", "2"]).FailedWith(2, "--save_total_limit needs --save_steps");
        CliProcess.Run([.. run, "--num_train_epochs", "2", "--max_steps", "3"]).FailedWith(2, "--num_train_epochs cannot be combined");
        CliProcess.Run([.. run, "--use_lora", "--lora_rank", "1024"]).FailedWith(2, "--lora_rank", "512");
        CliProcess.Run([.. run, "--max_seq_length", "5000"]).FailedWith(1, "5000", "4096");
        CliProcess.Run([.. run, "--resume_from_checkpoint"]).FailedWith(1, "no complete checkpoint");
        CliProcess.Run("train", "--data", data, "--out", TestPaths.DemoModel).FailedWith(1, "folder of the base model");
        CliProcess.Run("train", "--data", data, "--out", temp.Root).FailedWith(1, "not empty");
        Assert.False(Directory.Exists(temp.File("out")));
    }

    [Fact]
    public void Adapters_are_trained_and_served_over_quantised_weights()
    {
        using TempFolder temp = new();
        string data = temp.Write("chats.jsonl", Chats), copy = temp.File("copy");
        Assert.Equal(0, CliProcess.Run("quantize", TestPaths.DemoModel, copy, "--to", "int4").Code);
        string[] Run(string output, params string[] more) =>
        [
            "train", "--data", data, "--out", temp.File(output), "--use_lora", "--lora_rank", "16", "--lora_alpha", "32", "--num_train_epochs", "40", "--learning-rate", "1e-2", "--bf16",
            "--lora_target_modules", "q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj", .. more,
        ];

        // Weights that are quantised at load are those that a quantised copy has, so both runs write the same adapter.
        Assert.True(CliProcess.Run([.. Run("loaded", "--quant", "int4"), "--json"]).Json().GetProperty("loss").GetDouble() < 0.1);
        Assert.Equal(0, CliProcess.Run(Run("stored", "--model", copy)).Code);
        Assert.Equal(File.ReadAllBytes(temp.File("loaded/adapter_model.safetensors")), File.ReadAllBytes(temp.File("stored/adapter_model.safetensors")));
        Assert.Equal("two", CliProcess.Run("generate", "--quant", "int4", "--lora", temp.File("loaded"), "--system", "", "What is 1+1?").Output.Trim());
        Assert.Equal("two", CliProcess.Run("generate", "--model", copy, "--lora", temp.File("stored"), "--system", "", "What is 1+1?").Output.Trim());

        Match plain = Memory(CliProcess.Run([.. Run("dry"), "--dry-run"])), quantised = Memory(CliProcess.Run([.. Run("dry", "--quant", "int4-all"), "--dry-run"]));
        Assert.True(double.Parse(quantised.Groups[1].Value, CultureInfo.InvariantCulture) < double.Parse(plain.Groups[1].Value, CultureInfo.InvariantCulture) / 4);

        string[] whole = ["train", "--data", data, "--out", temp.File("whole")];
        CliProcess.Run([.. whole, "--model", copy]).FailedWith(1, "compressed-tensors", "cannot be trained", "--use_lora");
        CliProcess.Run([.. whole, "--quant", "int8"]).FailedWith(2, "--quant needs --use_lora");
        CliProcess.Run(Run("whole", "--model", copy, "--quant", "int8")).FailedWith(1, "quantised already", "int4");
        CliProcess.Run("merge", "--model", copy, "--lora", temp.File("stored"), "--out", temp.File("whole")).FailedWith(1, "quantised");
        Assert.False(Directory.Exists(temp.File("whole")));

        static Match Memory(CliResult result)
        {
            Assert.Equal(0, result.Code);
            Match match = Regex.Match(result.Output, @"weights ([0-9.]+) MB");
            Assert.True(match.Success, result.Output);
            return match;
        }
    }

    [SkippableFact]
    public async Task A_run_that_is_killed_while_it_saves_continues_with_the_same_losses()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Killing is tested on Linux.");
        using TempFolder temp = new();
        string data = temp.Write("chats.jsonl", Chats);
        string[] Run(string output) =>
            ["train", "--data", data, "--out", temp.File(output), "--max_steps", "6", "--save_steps", "1", "--learning_rate", "1e-3", "--bf16", "--shuffle", "--log_json", temp.File(output + ".jsonl"), "--report_to", "none"];
        Assert.Equal(0, CliProcess.Run(Run("whole")).Code);

        // Kills the run while it writes the checkpoint of step 4; a run that was too fast is tried again.
        await Wait.UntilAsync(async () =>
        {
            if (Directory.Exists(temp.File("parts")))
            {
                Directory.Delete(temp.File("parts"), recursive: true);
            }

            using Process process = CliProcess.Start(Run("parts"), null);
            string partial = temp.File("parts/checkpoint-4.partial");
            while (!process.HasExited && !Directory.Exists(partial))
            {
                Thread.SpinWait(100);
            }

            process.Kill();
            await process.WaitForExitAsync();
            return Directory.Exists(partial);
        }, "a run is killed while it saves");
        Assert.False(Directory.Exists(temp.File("parts/checkpoint-4")));
        Assert.Equal(0, CliProcess.Run([.. Run("parts"), "--resume_from_checkpoint"]).Code);
        Assert.Equal(File.ReadAllText(temp.File("whole.jsonl")), File.ReadAllText(temp.File("parts.jsonl")));
        Assert.Equal(File.ReadAllBytes(temp.File("whole/model.safetensors")), File.ReadAllBytes(temp.File("parts/model.safetensors")));
        Assert.False(Directory.Exists(temp.File("parts/checkpoint-4.partial")));

        CliResult finished = CliProcess.Run([.. Run("parts"), "--resume_from_checkpoint"]);
        Assert.Equal(0, finished.Code);
        Assert.Contains("nothing was left to do, all 6 steps were done before", finished.Output, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(temp.File("whole/model.safetensors")), File.ReadAllBytes(temp.File("parts/model.safetensors")));
    }
}
