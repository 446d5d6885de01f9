using System.Runtime.InteropServices;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Scheduling;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Engine.Tests;

/// <summary>
/// A prompt of 262,143 tokens through the whole engine, with a model made for 32,768 and the vendor's alpha. Its weights are made by hand: a query attends to the
/// one token in the context that has its key, and the answer is that token's value.
/// </summary>
public sealed class LongContextTests : IDisposable
{
    private const int Context = 262_144, Hidden = 64, HeadDim = 16, Values = 16, Vocabulary = 96;

    // Components of an embedding: hay, three keys, three queries, the value that a token has, and the value that an answer needs.
    private const int Hay = 0, Key = 1, Query = 4, Value = 8, Answer = 32;

    // Tokens: hay with one of the values each, from 16 on needles with a key and a value, and the queries.
    private const int HayTokens = 10, FirstNeedle = 16, FirstQuery = 64;

    // Rotary pairs (7, 15) and (6, 14) turn so slowly that a key still meets its query after the whole context.
    private static readonly int[] KeyElements = [7, 15, 6];

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Needles_at_the_start_in_the_middle_and_at_the_end_of_256K_tokens_are_found()
    {
        WriteModel();
        (int Position, int Value)[] needles = [(0, 11), (Context / 2, 14), (Context - 3, 5)];
        int[] prompt = Prompt(needles);
        ModelOptions options = new() { MaxModelLength = Context, KvTokens = Context + 1024, MaxBatchTokens = 4096, PinThreads = false };
        await using LocalExecutor executor = new(ModelRunner.Load(_folder.Root, options));
        await using var engine = InferenceEngine.Start(
            executor, new EngineOptions { Scheduler = new SchedulerOptions { TokenBudget = 4096, PrefillChunk = 4096 } });
        for (int needle = 0; needle < needles.Length; needle++)
        {
            prompt[^1] = FirstQuery + needle;
            ChoiceStream answer = engine.Submit(new GenerationRequest
            {
                PromptIds = prompt,
                Sampling = SamplingParams.Greedy,
                MaxTokens = 1,
                ReportProgress = true,
            }).Choices[0];
            if (needle == 0)
            {
                await Wait.UntilAsync(() => answer.Progress is { Processed: > 0 and < Context - 1 });
            }

            ChoiceResult result = await answer.Completion;
            Assert.Equal([needles[needle].Value], result.Ids.ToArray());
            Assert.Equal((Context - 1, Context - 1), (answer.Progress!.Total, answer.Progress.Processed));
        }

        // The queries share the context, so that it was computed once.
        Assert.InRange(engine.GetStatistics().CachedPromptTokens, 2 * (Context - 100), 2 * Context);
    }

    private static int[] Prompt((int Position, int Value)[] needles)
    {
        Random random = new(1);
        int[] prompt = [.. Enumerable.Range(0, Context - 1).Select(_ => random.Next(HayTokens))];
        for (int needle = 0; needle < needles.Length; needle++)
        {
            prompt[needles[needle].Position] = FirstNeedle + (needle * Values) + needles[needle].Value;
        }

        return prompt;
    }

    private void WriteModel()
    {
        File.WriteAllText(_folder.File("config.json"), $$"""
            {
              "model_type": "hunyuan", "hidden_size": {{Hidden}}, "num_hidden_layers": 1, "num_attention_heads": 1, "num_key_value_heads": 1,
              "head_dim": {{HeadDim}}, "intermediate_size": 32, "num_experts": 1, "moe_topk": 1, "vocab_size": {{Vocabulary}},
              "max_position_embeddings": 32768, "rope_theta": 10000.0, "rope_scaling": { "type": "dynamic", "alpha": 1000.0, "factor": 1.0 },
              "rms_norm_eps": 1e-5, "use_qk_norm": false, "use_cla": false, "cla_share_factor": 1, "tie_word_embeddings": false,
              "attention_bias": false, "hidden_act": "silu", "torch_dtype": "float32", "bos_token_id": 90, "eos_token_id": 91, "pad_token_id": 92
            }
            """);
        const string Layer = "model.layers.0.";
        Dictionary<string, float[,]> matrices = new(StringComparer.Ordinal)
        {
            ["model.embed_tokens.weight"] = new float[Vocabulary, Hidden],
            [Layer + "self_attn.q_proj.weight"] = new float[HeadDim, Hidden],
            [Layer + "self_attn.k_proj.weight"] = new float[HeadDim, Hidden],
            [Layer + "self_attn.v_proj.weight"] = new float[HeadDim, Hidden],
            [Layer + "self_attn.o_proj.weight"] = new float[Hidden, HeadDim],
            [Layer + "mlp.gate_proj.weight"] = new float[32, Hidden],
            [Layer + "mlp.up_proj.weight"] = new float[32, Hidden],
            [Layer + "mlp.down_proj.weight"] = new float[Hidden, 32],
            ["lm_head.weight"] = new float[Vocabulary, Hidden],
        };
        float[,] embedding = matrices["model.embed_tokens.weight"];
        for (int token = 0; token < HayTokens; token++)
        {
            (embedding[token, Hay], embedding[token, Value + token]) = (1, 1);
        }

        for (int key = 0; key < KeyElements.Length; key++)
        {
            // Scores of a key and its query are about 40, and 262,144 tokens with a score of 0 weigh as much as one of 12.5.
            matrices[Layer + "self_attn.q_proj.weight"][KeyElements[key], Query + key] = 1.9f;
            matrices[Layer + "self_attn.k_proj.weight"][KeyElements[key], Key + key] = 1.9f;
            embedding[FirstQuery + key, Query + key] = 1;
            for (int value = 0; value < Values; value++)
            {
                int token = FirstNeedle + (key * Values) + value;
                (embedding[token, Key + key], embedding[token, Value + value]) = (1, 1);
            }
        }

        for (int value = 0; value < Values; value++)
        {
            matrices[Layer + "self_attn.v_proj.weight"][value, Value + value] = 1;
            matrices[Layer + "self_attn.o_proj.weight"][Answer + value, value] = 1;
            matrices["lm_head.weight"][value, Answer + value] = 1;
        }

        string[] norms = [Layer + "input_layernorm.weight", Layer + "post_attention_layernorm.weight", "model.norm.weight"];
        using SafetensorsWriter writer = new(_folder.File("model.safetensors"),
        [
            .. matrices.Select(static m => new TensorSpec(m.Key, StoredType.F32, [m.Value.GetLength(0), m.Value.GetLength(1)])),
            .. norms.Select(static name => new TensorSpec(name, StoredType.F32, [Hidden])),
        ]);
        foreach ((string name, float[,] matrix) in matrices)
        {
            writer.Write(name, 0, MemoryMarshal.AsBytes<float>([.. matrix.Cast<float>()]));
        }

        foreach (string name in norms)
        {
            writer.Write(name, 0, MemoryMarshal.AsBytes<float>([.. Enumerable.Repeat(1f, Hidden)]));
        }

        writer.Complete();
    }
}
