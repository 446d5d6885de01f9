using Xunit;

namespace HunyuanOrleans.Grammar.Tests;

/// <summary>Compares every bit of the masks with the result of advancing by that token.</summary>
public sealed class MaskTests
{
    [Theory]
    [MemberData(nameof(SchemaCases.Numbers), MemberType = typeof(SchemaCases))]
    public void Masks_of_schemas_match_advancing_by_each_token(int number)
    {
        (string schema, string[] valid, string[] invalid) = SchemaCases.All[number];
        TestVocabulary vocabulary = TestVocabulary.Pieces(number + 200, [.. valid, .. invalid]);
        Check(vocabulary, vocabulary.Compiler.Compile(ConstraintSpec.JsonSchema(schema)), 40);
    }

    [Fact]
    public void Masks_of_deeply_nested_json_match_advancing_by_each_token()
    {
        TestVocabulary vocabulary = TestVocabulary.Pieces(3, "{\"a\":[[[{\"b\":{\"c\":\"]}]\"}}]]]}}]]", "\"}]}]}", "}]]}");
        Check(vocabulary, vocabulary.Compiler.Compile(ConstraintSpec.JsonObject), 150);
    }

    [Theory]
    [InlineData("(a|ab)*(c|bcd)?")]
    [InlineData("[a-z]{3,40}\\d{20,30}x")]
    [InlineData("(\\w+ ){2,5}[中-字]{0,2}(🐎|🐐)?")]
    [InlineData(".{0,100}")]
    [InlineData("a{5,60}b{0,70}")]
    public void Masks_of_regular_expressions_match_advancing_by_each_token(string pattern)
    {
        TestVocabulary vocabulary = TestVocabulary.Pieces(5, "abcabcdababab", "aaaaaaaaaabbbbbbbbbb", "hello world 123456789 x", "中文字🐎🐐");
        Check(vocabulary, vocabulary.Compiler.Compile(ConstraintSpec.Regex(pattern)), 100);
    }

    [Theory]
    [MemberData(nameof(GrammarTests.Numbers), MemberType = typeof(GrammarTests))]
    public void Masks_of_grammars_match_advancing_by_each_token(int number)
    {
        (string grammar, string[] valid, string[] invalid) = GrammarTests.Cases[number];
        TestVocabulary vocabulary = TestVocabulary.Pieces(number + 300, [.. valid, .. invalid]);
        foreach (string text in valid)
        {
            CheckAlong(vocabulary, vocabulary.Compiler.Compile(ConstraintSpec.Grammar(grammar)), text);
        }
    }

    [Fact]
    public void Masks_of_text_with_tags_match_advancing_by_each_token()
    {
        const string text = "so <<call={\"a\":[1]}!> and <cal abc <call={}!>é";
        TestVocabulary vocabulary = TestVocabulary.Pieces(11, text, text, "<call={\"b\"");
        ConstraintSpec spec = ConstraintSpec.TaggedText(
            [("<call=", ConstraintSpec.Sequence(ConstraintSpec.JsonObject, ConstraintSpec.Literal("!>"))), ("call!", ConstraintSpec.OneOf())]);
        CheckAlong(vocabulary, vocabulary.Compiler.Compile(spec), text);
    }

    [Fact]
    public void Masks_of_composed_specs_match_advancing_by_each_token()
    {
        TestVocabulary vocabulary = TestVocabulary.Pieces(6, "<call>get\n```json\n{\"city\":\"x\"}\n```</call>", "<call>put\n");
        Check(vocabulary, vocabulary.Compiler.Compile(ToolCalls(vocabulary)), 120);
    }

    [Fact]
    public void A_composed_spec_accepts_only_its_texts()
    {
        TestVocabulary vocabulary = TestVocabulary.Pieces(6, "<call>get\n```json\n{\"city\":\"x\"}\n```</call>", "<call>put\n");
        Constraint constraint = vocabulary.Compiler.Compile(ToolCalls(vocabulary), "tools");
        int[] one = [.. Ids("<call>get\n```json\n{\"city\":\"x\"}\n```</call>")];
        int[] other = [.. Ids("<call>put\n```json\n{\"n\":12}\n```</call>")];
        Assert.True(ConstraintWalker.Accepts(constraint, vocabulary, [vocabulary.Special, .. one]));
        Assert.True(ConstraintWalker.Accepts(constraint, vocabulary, [vocabulary.Special, .. one, .. other, .. one]));
        Assert.False(ConstraintWalker.Accepts(constraint, vocabulary, [.. one]));
        Assert.False(ConstraintWalker.Accepts(constraint, vocabulary, [vocabulary.Special]));
        Assert.False(ConstraintWalker.Accepts(constraint, vocabulary, [0xFF, .. one]));
        Assert.False(ConstraintWalker.Accepts(constraint, vocabulary, [vocabulary.Special, .. one, .. one, .. one, .. one]));
        Assert.False(ConstraintWalker.Accepts(constraint, vocabulary, [vocabulary.Special, .. Ids("<call>get\n```json\n{\"n\":1}\n```</call>")]));

        IEnumerable<int> Ids(string text) => text.Select(static c => (int)c);
    }

    [Fact]
    public void A_choice_accepts_only_its_texts()
    {
        TestVocabulary vocabulary = TestVocabulary.Pieces(7, "positive", "positively", "negative");
        Constraint constraint = vocabulary.Compiler.Compile(ConstraintSpec.Choice("positive", "positively", "né"));
        Check(vocabulary, constraint, 10);
        ConstraintState state = constraint.CreateState();
        foreach (char c in "positive")
        {
            Assert.False(state.IsComplete);
            state.Advance(c);
        }

        Assert.True(state is { IsComplete: true, IsFinished: false } && state.AllowedTokens.Allows(vocabulary.End) && state.AllowedTokens.Allows('l'));
        state.Advance('l');
        state.Advance('y');
        Assert.True(state is { IsComplete: true, IsFinished: true });
        Assert.Throws<ConstraintException>(() => state.Advance('x'));
        state.Advance(vocabulary.End);
        Assert.True(state.IsFinished && state.AllowedTokens.Allows(vocabulary.End) && !state.AllowedTokens.Allows('x'));
        Assert.Throws<ConstraintException>(() => state.Advance('x'));
    }

    [Fact]
    public void Replaying_the_tokens_gives_an_equal_state()
    {
        TestVocabulary vocabulary = TestVocabulary.Pieces(8, "{\"a\": [1, {\"b\": null}]}");
        Constraint constraint = vocabulary.Compiler.Compile(ConstraintSpec.JsonObject);
        var random = new Random(4);
        int[] ids = vocabulary.Tokenize("{\"a\": [1, {\"b\": {\"c\":[[]]}}], \"ž\": \"🐎\"}"u8, random);
        ConstraintState state = constraint.CreateState();
        for (int i = 0; i < ids.Length; i++)
        {
            state.Advance(ids[i]);
            Assert.Equal(state.AllowedTokens.ToArray(), constraint.CreateState(ids.AsSpan(0, i + 1)).AllowedTokens.ToArray());
        }

        Assert.True(state.IsFinished);
    }

    [Fact]
    public void Threads_can_share_a_constraint()
    {
        TestVocabulary vocabulary = TestVocabulary.Pieces(9, "{\"a\": [1, {\"b\": null}]}");
        Constraint constraint = vocabulary.Compiler.Compile(ConstraintSpec.JsonObject);
        string[] alone = [.. Enumerable.Range(0, 24).Select(seed => Convert.ToHexString(ConstraintWalker.Generate(vocabulary, constraint, seed, 40)))];
        Constraint shared = TestVocabulary.Pieces(9, "{\"a\": [1, {\"b\": null}]}").Compiler.Compile(ConstraintSpec.JsonObject);
        string[] together = new string[alone.Length];
        Parallel.For(0, alone.Length, new ParallelOptions { MaxDegreeOfParallelism = 4 }, seed =>
            together[seed] = Convert.ToHexString(ConstraintWalker.Generate(vocabulary, shared, seed, 40)));
        Assert.Equal(alone, together);
    }

    private static ConstraintSpec ToolCalls(TestVocabulary vocabulary)
    {
        ConstraintSpec Call(string name, string schema) => ConstraintSpec.Sequence(
            ConstraintSpec.Literal($"<call>{name}\n```json\n"), ConstraintSpec.JsonSchema(schema), ConstraintSpec.Literal("\n```</call>"));
        return ConstraintSpec.Sequence(
            ConstraintSpec.SpecialToken(vocabulary.Special),
            ConstraintSpec.Repeat(
                ConstraintSpec.OneOf(
                    Call("get", """{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"""),
                    Call("put", """{"type":"object","properties":{"n":{"type":"integer"}}}""")),
                1,
                3));
    }

    /// <summary>Compares the masks along a text that the constraint accepts, tokenized in a few ways.</summary>
    private static void CheckAlong(TestVocabulary vocabulary, Constraint constraint, string text)
    {
        for (int seed = 0; seed < 4; seed++)
        {
            ConstraintState state = constraint.CreateState();
            foreach (int id in vocabulary.Tokenize(System.Text.Encoding.UTF8.GetBytes(text), new Random(seed)))
            {
                CheckMask(vocabulary, constraint, state);
                state.Advance(id);
            }

            CheckMask(vocabulary, constraint, state);
            Assert.True(state.IsComplete, text);
        }
    }

    private static void CheckMask(TestVocabulary vocabulary, Constraint constraint, ConstraintState state)
    {
        ReadOnlyMemory<ulong> mask = state.AllowedTokens;
        for (int id = 0; id < vocabulary.Size; id++)
        {
            bool allowed = id == vocabulary.End ? state.IsComplete : constraint.Advance(state.Current, id) is not null;
            Assert.True(allowed == mask.Allows(id), $"token {id} {Convert.ToHexString(vocabulary.TokenBytes(id))}: {allowed}");
        }
    }

    private static void Check(TestVocabulary vocabulary, Constraint constraint, int steps)
    {
        for (int seed = 0; seed < 6; seed++)
        {
            ConstraintWalker.Generate(vocabulary, constraint, seed, steps, state => CheckMask(vocabulary, constraint, state));
        }
    }
}
