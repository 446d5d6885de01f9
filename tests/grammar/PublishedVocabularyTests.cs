using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Text.Streaming;
using HunyuanOrleans.Text.Tokenization;
using Xunit;

namespace HunyuanOrleans.Grammar.Tests;

public sealed class PublishedVocabularyTests
{
    [SkippableFact]
    public void Masks_match_advancing_by_each_token()
    {
        string? golden = TestPaths.SharedGolden;
        Skip.If(golden is null, "The folder shared/golden does not exist.");
        Tokenizer tokenizer = Tokenizer.Load(Path.Combine(golden, "tokenizer"));
        var text = new TokenizerText(tokenizer);
        int eos = tokenizer.SpecialId("<|eos|>")!.Value;
        var compiler = new ConstraintCompiler(text, tokenizer.VocabularySize, [eos]);
        var random = new Random(3);
        foreach ((string schema, string[] valid, _) in SchemaCases.All.Where(static (_, i) => i % 4 == 0))
        {
            Constraint constraint = compiler.Compile(ConstraintSpec.JsonSchema(schema));
            foreach (string document in valid)
            {
                ConstraintState state = constraint.CreateState();
                foreach (int id in tokenizer.Encode(document))
                {
                    ReadOnlyMemory<ulong> mask = state.AllowedTokens;
                    Assert.True(mask.Allows(id), document);
                    for (int i = 0; i < 2000; i++)
                    {
                        int other = random.Next(tokenizer.VocabularySize);
                        bool allowed = other == eos ? state.IsComplete : constraint.Advance(state.Current, other) is not null;
                        Assert.True(allowed == mask.Allows(other), $"{document}: token {other}");
                    }

                    state.Advance(id);
                }

                Assert.True(state.IsComplete && state.AllowedTokens.Allows(eos), document);
            }
        }
    }
}
