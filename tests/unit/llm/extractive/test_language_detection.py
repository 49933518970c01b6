# ruff: noqa: RUF001 - texts of many scripts, meant as they stand
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.llm.extractive.language_detection import UNDETERMINED, detect_language

# Article 1 of the Universal Declaration of Human Rights, and everyday sentences.
SAMPLES = {
    "en": "All human beings are born free and equal in dignity and rights. They are endowed with"
    " reason and conscience and should act towards one another in a spirit of brotherhood.",
    "de": "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft"
    " und Gewissen begabt und sollen einander im Geist der Brüderlichkeit begegnen.",
    "fr": "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués"
    " de raison et de conscience et doivent agir les uns envers les autres avec fraternité.",
    "es": "Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados como"
    " están de razón y conciencia, deben comportarse fraternalmente los unos con los otros.",
    "pt": "Todos os seres humanos nascem livres e iguais em dignidade e em direitos. Dotados de"
    " razão e de consciência, devem agir uns para com os outros em espírito de fraternidade.",
    "it": "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti. Essi sono dotati"
    " di ragione e di coscienza e devono agire gli uni verso gli altri in spirito di fratellanza.",
    "nl": "Alle mensen worden vrij en gelijk in waardigheid en rechten geboren. Zij zijn begiftigd"
    " met verstand en geweten, en behoren zich jegens elkander in een geest van broederschap te"
    " gedragen.",
    "sv": "Alla människor är födda fria och lika i värde och rättigheter. De har utrustats med"
    " förnuft och samvete och bör handla gentemot varandra i en anda av gemenskap.",
    "pl": "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są oni"
    " obdarzeni rozumem i sumieniem i powinni postępować wobec innych w duchu braterstwa.",
    "cs": "Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv. Jsou nadáni"
    " rozumem a svědomím a mají spolu jednat v duchu bratrství.",
    "fi": "Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan. Heille on"
    " annettu järki ja omatunto, ja heidän on toimittava toisiaan kohtaan niin kuin veljet, se on"
    " selvää.",
    "hu": "Minden emberi lény szabadon születik és egyenlő méltósága és joga van. Az emberek,"
    " ésszel és lelkiismerettel bírván, egymással szemben testvéri szellemben kell hogy"
    " viseltessenek.",
    "tr": "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. Akıl ve vicdana"
    " sahiptirler ve birbirlerine karşı kardeşlik zihniyeti ile hareket etmelidirler.",
    "vi": "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền. Mọi con"
    " người đều được tạo hoá ban cho lý trí và lương tâm.",
    "ru": "Все люди рождаются свободными и равными в своём достоинстве и правах. Они наделены"
    " разумом и совестью и должны поступать в отношении друг друга в духе братства.",
    "uk": "Всі люди народжуються вільними і рівними у своїй гідності та правах. Вони наділені"
    " розумом і совістю і повинні діяти у відношенні один до одного в дусі братерства.",
    "el": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.",
    "he": "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם.",
    "ar": "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق. وقد وهبوا عقلا وضميرا وعليهم أن"
    " يعامل بعضهم بعضا بروح الإخاء. هذا هو النص الذي نقرأ من الكتاب على الطاولة.",
    "fa": "تمام افراد بشر آزاد به دنیا می آیند و از لحاظ حیثیت و حقوق با هم برابرند. همه دارای"
    " عقل و وجدان هستند و باید نسبت به یکدیگر با روح برادری رفتار کنند.",
    "hi": "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।",
    "ja": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "zh": "人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心,并应以兄弟关系的精神相对待。",
    "ko": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
    "th": "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ",
}


@pytest.mark.parametrize("language", SAMPLES)
def test_the_language_of_a_sentence_or_two(language):
    assert detect_language(SAMPLES[language]) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n",
        "12 345 67,8 %",
        "Hello",
        "A = 0.00 A = 0.01 A = 0.05 A = 0.10 " * 20,
        "Slipknot 21:05 - 22:50 Marilyn Manson 19:10 - 20:25 Pendulum 17:35",
        "Smith, Jones, Baker, Cooper, Miller, Fletcher, Turner, Walker, Carter, Mason, Potter, "
        "Thatcher and Wright; Bank of York; Ward of the Tower; Archer, Barker, Chandler, Draper, "
        "Ash, Birch, Cedar, Fir, Hazel, Larch, Maple, Pine, Rowan, Spruce, Willow, Yew, Heron, "
        "Fisher, Gardener, Glover, Hunter, Porter, Sawyer, Shepherd, Tailor, Tanner, Weaver",
        "fn main() { let mut x = vec![1]; x.push(2); }",
    ],
)
def test_what_has_no_language_is_undetermined(text):
    assert detect_language(text) == UNDETERMINED


def test_a_few_foreign_words_do_not_change_the_language():
    assert detect_language(
        SAMPLES["de"] + " Das nennt man im Englischen the state of the art."
    ) == ("de")
    assert detect_language("これは Python で書かれた PDF reader です。とても速い。") == "ja"


@given(st.text(max_size=500))
def test_any_text_has_a_code(text):
    assert detect_language(text).islower()
