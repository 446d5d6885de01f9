using System.Text;
using Xunit;

namespace HunyuanOrleans.Grammar.Tests;

/// <summary>The cache of compiled constraints.</summary>
public sealed class ConstraintCompilerTests
{
    [Fact]
    public void A_spec_is_compiled_once_until_it_is_evicted()
    {
        TestVocabulary vocabulary = TestVocabulary.Bytes();
        Constraint first = vocabulary.Compiler.Compile(ConstraintSpec.Regex("a0"));
        Assert.Same(first, vocabulary.Compiler.Compile(ConstraintSpec.Regex("a0")));
        Assert.NotSame(first, vocabulary.Compiler.Compile(ConstraintSpec.Literal("a0")));
        Assert.NotSame(vocabulary.Compiler.Compile(ConstraintSpec.Sequence(ConstraintSpec.Literal("a"), ConstraintSpec.Literal("bc"))),
            vocabulary.Compiler.Compile(ConstraintSpec.Sequence(ConstraintSpec.Literal("ab"), ConstraintSpec.Literal("c"))));
        for (int i = 1; i < 300; i++)
        {
            vocabulary.Compiler.Compile(ConstraintSpec.Regex($"a{i}"));
        }

        Assert.NotSame(first, vocabulary.Compiler.Compile(ConstraintSpec.Regex("a0")));
        Assert.True(ConstraintWalker.Accepts(first, vocabulary, Encoding.UTF8.GetBytes("a0").Select(static value => (int)value)));
    }

    [Fact]
    public void Find_returns_only_compiled_specs()
    {
        ConstraintCompiler compiler = TestVocabulary.Bytes().Compiler;
        Assert.Null(compiler.Find(ConstraintSpec.JsonObject));
        Constraint constraint = compiler.Compile(ConstraintSpec.JsonObject);
        Assert.Same(constraint, compiler.Find(ConstraintSpec.JsonObject));
        Assert.Null(compiler.Find(ConstraintSpec.JsonObject, "tools"));
        Assert.Throws<ConstraintException>(() => compiler.Compile(ConstraintSpec.Regex("(")));
        Assert.Null(compiler.Find(ConstraintSpec.Regex("(")));
    }
}
