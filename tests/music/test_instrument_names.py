"""What the names of tracks say, in the languages of the world."""

# ruff: noqa: RUF001 (letters that look like those of other scripts are meant)

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quartetvae.music import instrument_names, track_names
from quartetvae.music.ensemble import PARTS, STRING_QUARTET

QUARTETS = {
    "English": [
        ("Violin I", "Violin II", "Viola", "Cello"),
        ("1st Violin", "2nd Violin", "Violas", "Cellos"),
        ("FIRST VIOLINS", "SECOND VIOLINS", "VIOLA", "'CELLO"),
        ("Violin Part 1", "Violin Pt. 2", "Viola", "Cello"),
        ("Violin One", "Violin Two", "Viola", "Violoncellos"),
        ("Violin A", "Violin B", "Viola", "Violoncello"),
        ("Fiddle 1", "Fiddle 2", "Viola", "Cello"),
        ("Violin No. 1", "Violin #2", "viola", "cello"),
        ("ViolinI", "ViolinII", "Viola", "Cello"),
        ("VLN I", "VIOLINII", "VIOLA", "CELLO"),
    ],
    "Italian": [
        ("Violino primo", "Violino secondo", "Viola", "Violoncello"),
        ("Primo violino", "Secondo violino", "Viole", "Violoncelli"),
        ("Violini I", "Violini II", "Viola", "Celli"),
        ("Violino I°", "Violino II°", "Viola", "Basso"),
        ("Violino Iº", "Violino IIº", "Viola", "Violoncello"),
        ("Violino 1.mo", "Violino 2.do", "Viola", "Violonc."),
        ("Violino 1º", "Violino 2º", "Viola", "Violoncello e Basso"),
    ],
    "German": [
        ("1. Violine", "2. Violine", "Bratsche", "Violoncello"),
        ("Erste Geige", "Zweite Geige", "Bratschen", "Violoncell"),
        ("I. Violine", "II. Violine", "Viola", "Celli"),
        ("Violinen I", "Violinen II", "Bratsche", "Violoncelli"),
        ("Geige 1", "Geige 2", "Br.", "Vcl."),
        ("Violine 1 (Stimme)", "Violine 2 (Stimme)", "Bratsche (Stimme)", "Cello (Stimme)"),
        ("Solovioline 1", "Solovioline 2", "Solobratsche", "Solocello"),
    ],
    "French": [
        ("1-er violon", "2-ème violon", "Alto", "Violoncelle"),
        ("1er violon", "2e violon", "Alto", "Violoncelle"),
        ("Premier violon", "Second violon", "Altos", "Violoncelles"),
        ("Violon 1", "Deuxième violon", "alto", "Vlc."),
        ("1ers violons", "2nds violons", "Alto", "Violoncelle"),
        ("Violon 1ère", "Violon 2ème", "Alto solo", "Violoncelle"),
        ("Violon 1", "Violon 2", "Alto", "Vlle"),
    ],
    "Spanish": [
        ("Violín I", "Violín II", "Viola", "Violonchelo"),
        ("Violín 1º", "Violín 2º", "Viola", "Chelo"),
        ("Violin primero", "Violin segundo", "Violas", "Violonchelos"),
        ("Primer violín", "Segundo violín", "Viola", "Violoncelo"),
        ("1er violín", "2do violín", "Viola", "Cello"),
    ],
    "Portuguese": [("Violino I", "Violino II", "Viola", "Violoncelo"), ("1º violino", "2º violino", "Viola", "Celo")],
    "Portuguese, in words": [("Primeiro violino", "Segundo violino", "Violeta", "Violoncelos")],
    "Catalan": [("Violí I", "Violí II", "Viola", "Violoncel")],
    "Romanian": [("Vioara I", "Vioara a II-a", "Viola", "Violoncel"), ("Vioară 1", "Vioară 2", "Violă", "Violoncel")],
    "Dutch": [
        ("Viool 1", "Viool 2", "Altviool", "Cello"),
        ("Eerste violen", "Tweede violen", "Altviolen", "Celli"),
        ("Eerste viool", "Tweede viool", "Alt", "Violoncel"),
        ("1ste viool", "2de viool", "Altviolen", "Cello's"),
    ],
    "Swedish": [
        ("Violin I", "Violin II", "Viola", "Cello"),
        ("Fiol 1", "Fiol 2", "Altfiol", "Violoncell"),
        ("Första violin", "Andra violin", "Viola", "Cello"),
    ],
    "Danish": [("1. violin", "2. violin", "Bratsch", "Cello"), ("Første violin", "Anden violin", "Bratsch", "Cello")],
    "Norwegian": [("Fiolin 1", "Fiolin 2", "Bratsj", "Cello"), ("1. fiolin", "2. fiolin", "Bratsj", "Cello")],
    "Icelandic": [("Fiðla 1", "Fiðla 2", "Víóla", "Selló")],
    "Finnish": [("1. viulu", "2. viulu", "Alttoviulu", "Sello"), ("I viulu", "II viulu", "alttoviulu", "sello")],
    "Estonian": [("Viiul 1", "Viiul 2", "Vioola", "Tšello")],
    "Latvian": [("1. vijole", "2. vijole", "Alts", "Čells")],
    "Lithuanian": [("Smuikas I", "Smuikas II", "Altas", "Violončelė")],
    "Hungarian": [
        ("I. hegedű", "II. hegedű", "Brácsa", "Gordonka"),
        ("Hegedű 1", "Hegedű 2", "Mélyhegedű", "Cselló"),
        ("Első hegedű", "Második hegedű", "Brácsa", "Cselló"),
    ],
    "Polish": [
        ("Skrzypce I", "Skrzypce II", "Altówka", "Wiolonczela"),
        ("Pierwsze skrzypce", "Drugie skrzypce", "ALTÓWKA", "WIOLONCZELA"),
    ],
    "Czech": [("Housle I", "Housle II", "Viola", "Violoncello"), ("První housle", "Druhé housle", "Viola", "Čelo")],
    "Slovak": [("1. husle", "2. husle", "Viola", "Violončelo")],
    "Croatian": [
        ("Violina I", "Violina II", "Viola", "Violončelo"),
        ("Prva violina", "Druga violina", "Viola", "Čelo"),
    ],
    "Serbian": [("Виолина 1", "Виолина 2", "Виола", "Виолончело")],
    "Bulgarian": [("Цигулка I", "Цигулка II", "Виола", "Чело")],
    "Russian": [
        ("Скрипка 1", "Скрипка 2", "Альт", "Виолончель"),
        ("Первая скрипка", "Вторая скрипка", "АЛЬТ", "ВИОЛОНЧЕЛЬ"),
        ("1-я скрипка", "2-я скрипка", "Альты", "Виолончели"),
        ("Скрипки I", "Скрипки II", "Альт", "Влч."),
    ],
    "Bulgarian, ordinals": [("1-ва цигулка", "2-ра цигулка", "Виола", "Чело")],
    "Ukrainian": [("Перша скрипка", "Друга скрипка", "Альт", "Віолончель")],
    "Greek, ordinals": [("1ο βιολί", "2ο βιολί", "Βιόλα", "Τσέλο")],
    "Greek": [("Βιολί 1", "Βιολί 2", "Βιόλα", "Τσέλο"), ("Α' βιολί", "Β' βιολί", "ΒΙΟΛΑ", "ΒΙΟΛΟΝΤΣΕΛΟ")],
    "Turkish": [("1. Keman", "2. Keman", "Viyola", "Çello"), ("BİRİNCİ KEMAN", "İKİNCİ KEMAN", "VİYOLA", "Viyolonsel")],
    "Basque": [("1. biolina", "2. biolina", "Biola", "Biolontxeloa")],
    "Esperanto": [("Violono 1", "Violono 2", "Aldviolono", "Violonĉelo")],
    "Georgian": [("ვიოლინო I", "ვიოლინო II", "ალტი", "ჩელო")],
    "Armenian": [("Ջութակ 1", "Ջութակ 2", "Ալտ", "Թավջութակ")],
    "Hebrew": [("כינור 1", "כינור 2", "ויולה", "צ'לו"), ("כינור ראשון", "כינור שני", "ויולה", "צ׳לו")],
    "Arabic": [("كمان 1", "كمان 2", "فيولا", "تشيلو"), ("كمان أول", "كمان ثاني", "فيولا", "تشيلو")],
    "Chinese": [
        ("小提琴 1", "小提琴 2", "中提琴", "大提琴"),
        ("第一小提琴", "第二小提琴", "中提琴", "大提琴"),
        ("小提琴Ⅰ", "小提琴Ⅱ", "中提琴", "大提琴"),
        ("小提琴一", "小提琴二", "中提琴", "大提琴"),
        ("小提琴I", "小提琴II", "中提琴solo", "大提琴solo"),
        ("第一小提琴pizz", "第二小提琴arco", "中提琴arco", "大提琴pizz"),
        ("第一部小提琴", "第二部小提琴", "中提琴", "大提琴"),
        ("一提", "二提", "中提", "大提"),
        ("第1小提琴", "第2小提琴", "中提琴", "大提琴"),
    ],
    "Japanese": [
        ("ヴァイオリン1", "ヴァイオリン2", "ヴィオラ", "チェロ"),
        ("第1バイオリン", "第2バイオリン", "ビオラ", "チェロ"),
        ("1stヴァイオリン", "セカンドヴァイオリン", "ヴィオラ", "チェロ"),
        ("第一ヴァイオリン", "第二ヴァイオリン", "ヴィオラ", "ヴィオロンチェロ"),
        ("ヴァイオリンⅠ", "ヴァイオリンⅡ", "ﾋﾞｵﾗ", "ﾁｪﾛ"),
    ],
    "Korean": [("바이올린 1", "바이올린 2", "비올라", "첼로"), ("제1바이올린", "제2바이올린", "비올라", "첼로")],
    "Thai": [("ไวโอลิน 1", "ไวโอลิน 2", "วิโอลา", "เชลโล")],
    "Vietnamese": [("Vĩ cầm 1", "Vĩ cầm 2", "Viola", "Cello")],
    "abbreviations": [
        ("V1", "V2", "Va", "Vc"),
        ("V. I", "V. II", "Va.", "Vc."),
        ("Vn1", "Vn2", "Vla", "Vlc"),
        ("Vl. 1", "Vl. 2", "Vla.", "Vcl."),
        ("Vl.I", "Vl.II", "Va.", "Vc."),
        ("VLN1", "VLN2", "VLA", "VCL"),
        ("Vlns. I", "Vlns. II", "Vlas.", "Vcs."),
        ("Vno. I", "Vno II", "Vla", "Vllo."),
        ("Vni I", "Vni II", "Vle", "Vc"),
        ("Viol. I", "Viol. II", "Vla.", "Vcello"),
        ("I Vn", "II Vn", "Br", "Vc"),
        ("vln-1", "vln-2", "vla", "vlc"),
    ],
    "samplers": [
        ("Spitfire Solo Violin 1", "Spitfire Solo Violin 2", "Spitfire Solo Viola", "Spitfire Solo Cello"),
        ("vln_1_KSP", "vln_2_KSP", "vla_KSP", "vc_KSP"),
        ("Violin 1 (solo)", "Violin 2 (solo)", "Viola (solo)", "Violoncello (solo)"),
        ("SWAM Violin 1", "SWAM Violin 2", "SWAM Viola", "SWAM Cello"),
        ("Violin 1 (copy)", "Violin 2 copy", "Viola copy", "Cello - Copy"),
        ("violin_1", "violin_2", "viola", "cello"),
        ("Violin 1 pizz.", "Violin 2 con sord.", "Viola arco", "Cello div."),
        ("01 - Violin I", "02 - Violin II", "03 - Viola", "04 - Cello"),
        ("01 Violin 1", "02 Violin 2", "03 Viola", "04 Cello"),
    ],
    "signs": [
        ("Violin Ⅰ", "Violin Ⅱ", "Viola", "Cello"),
        ("Violin ①", "Violin ②", "Viola", "Cello"),
        ("VIOLIN\u00a0I", "Ｖｉｏｌｉｎ　２", "Viola", "Cello"),
        ("Violi\u0301n 1", "Violín 2", "Viola", "Cello"),
        ("Violin l", "Violin ll", "Viola", "Cello"),
    ],
    "misspelled": [
        ("Voilin 1", "Violn 2", "Voila", "Violincello"),
        ("Vioiln I", "Vilolin II", "Violla", "Chello"),
        ("Violin I", "Violin II", "Viola", "Violin-cello"),
        ("Vioin I", "Violinn II", "Viola", "Violoncelllo"),
        ("Violin I", "Violin II", "Viola", "Violon cello"),
    ],
    "UTF-8 taken for Latin-1": [("ViolÃ\xadn IÂ°", "ViolÃ\xadn 2Âº", "AltÃ³wka", "Ð\x92Ð¸Ð¾Ð»Ð¾Ð½Ñ\x87ÐµÐ»Ñ\x8c")],
}


@pytest.mark.parametrize("names", [of for every in QUARTETS.values() for of in every], ids=" | ".join)
def test_the_names_of_a_quartet(names: tuple[str, ...]) -> None:
    assert tuple(map(STRING_QUARTET.part_by_name, names)) == PARTS


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("Violin 1 2", "violin_1"),
        ("Violin 2 (1)", "violin_2"),
        ("Violine 2 / Violin 2", "violin_2"),
        ("Violino I (Violin)", "violin_1"),
        ("1. Violin II", "violin_2"),
        ("violin1", "violin_1"),
        ("Violin1 Sub", "violin_1"),
        ("Violino II.", "violin_2"),
        ("Violine 1", "violin_1"),
        ("Cello2", "cello"),
        ("String Quartet No. 2 - Violin I", "violin_1"),
        ("Violin I, Op. 18 No. 2", "violin_1"),
        ("Track 1 Violin 2", "violin_2"),
        ("1stViolin", "violin_1"),
        ("No. 2 Violin", "violin_2"),
        ("1-й скрипач, скрипка 2", "violin_2"),
        ("2ndviolin", "violin_2"),
        ("Violin 2 (double stops)", "violin_2"),
        ("Viola (alto clef)", "viola"),
        ("Cello - Tenor Clef", "cello"),
        ("Viola (Bratsche)", "viola"),
        ("Viola da braccio", "viola"),
        ("Viola de arco", "viola"),
        ("Alto viola", "viola"),
        ("Cello 2", "cello"),
        ("Violin 1 &", "violin_1"),
        ("& 2 Violin", "violin_2"),
        ("1. Violin solo 2", "violin_2"),
        ("1. Violin Anna 2", "violin_1"),
        ("Second solo Violin", "violin_2"),
        ("2. Violin (MIDI)", "violin_2"),
        ("Violin 1, Sonata", "violin_1"),
        ("Alto 1", "viola"),
        ("vlii", "violin_2"),
        ("violinsolo 1", "violin_1"),
        # Accents and signs of no width are none.
        ("Vìola", "viola"),
        ("Vio\u200bla", "viola"),
        ("Vio\u00adla", "viola"),
    ],
)
def test_the_number_beside_the_instrument_counts(name: str, part: str) -> None:
    assert STRING_QUARTET.part_by_name(name) == part


@pytest.mark.parametrize(
    "name",
    [
        *("", "Violin", "Violins", "Violino", "Geige", "Скрипка", "小提琴", "V", "V.", "Solo Violin", "Violin (copy)"),
        *("Violin 3", "Violin III", "Violin 11", "Violin C", "Violino terzo", "Violin I & II", "Violins 1/2"),
        *("Violin 1+2", "Violin and Viola", "Violin/Viola", "Viola & Cello", "String Quartet No. 2 - Violin"),
        *(
            "Track 1 Violin",
            "Violin Op. 1",
            "Violin Concerto No. 1",
            "Violin Sonata",
            "Violinist",
            "Violinschlüssel",
            "I",
            "1",
            "First",
        ),
        *("Strings", "Strings 1", "Strings I", "Piano", "Track 1", "String Ensemble 1", "Upper", "Staff 2", "Primo"),
        *("Viola da gamba", "Viola d'amore", "Viola d’Amore", "Viole d'amour", "Viole de gambe", "Bass viol"),
        *(
            "Tenor viol",
            "Treble Viol 1",
            "Viola caipira",
            "Viola da terra",
            "Violão",
            "Gambe",
            "Alto sax",
            "Altblockflöte",
            "Bassklarinette",
            "Violin 1 & Violin 2",
            "1st and 2nd Violins",
            "Alto Sax. 1",
        ),
        *("Alto flute", "Alto Recorder", "Alto clarinet", "Altsaxophon", "Altflöte", "Alto Trombone", "Alto voice"),
        *(
            "Soprano",
            "Tenor",
            "Bass",
            "Baritone",
            "Mezzo",
            "Contralto",
            "Violone",
            "Contrabass",
            "Contrabasso",
            "Contrabbasso",
            "Contra-Basso",
            "C.B.",
            "Dbl. Bass",
            "Str. Bass",
            "Kontra-Bass",
            "ベース",
        ),
        *("Double Bass", "Doublebass", "String Bass", "Kontrabass", "Kontrabaß", "contrabajo", "Contrebasse", "Cb."),
        *("D.B.", "Kb.", "Violoncello & Contrabass", "Cello/Double bass", "Cellos & Basses", "Контрабас", "Kontrabas"),
        *(
            "低音提琴",
            "倍大提琴",
            "低音大提琴",
            "コントラバス",
            "콘트라베이스",
            "더블베이스",
            "nagybőgő",
            "Violin Bass",
        ),
        *("Cello Sonata", "Tenor Violin 1", "Violin 1 & Basso", "Alto Anna", "V Anna", "小提琴、二胡"),
        # Too short to be guessed.
        *("Vola", "Vila", "Vioa"),
        # As long as a name, and more than a slip from it.
        *("Virgin", "Victor", "Venus", "Cedar"),
        *("Ukulele", "Celesta", "Cellphone", "Hello", "Villa", "Vice", "Vacuum", "Violet", "Violent", "Alternate"),
        *(
            "Viola & Piano",
            "Erhu",
            "二胡",
            "ヴィオラ・ダ・ガンバ",
            "VI",
            "IV",
            "Variation",
            "Brass",
            "Bass Violin",
            "Contraviolin",
        ),
    ],
)
def test_names_that_tell_no_part(name: str) -> None:
    assert STRING_QUARTET.part_by_name(name) is None


@pytest.mark.parametrize(
    ("name", "program"),
    [
        *(("Violin", 40), ("Violino II", 40), ("Solo Viola", 41), ("Violoncello", 42), ("Cellos", 42), ("Geige", 40)),
        *(("Violon", 40), ("Bratsche", 41), ("Vc.", 42), ("Скрипка", 40), ("中提琴", 41), ("첼로", 42)),
        *(("Violin 3", 40), ("Violins I & II", 40)),
        *(("Oboe", None), ("", None), ("Alto", None), ("Alt", None), ("Альт", None), ("Basso", None), ("Bass", None)),
        *(("Contrabass", None), ("Viola da gamba", None), ("Violin and Viola", None), ("Alto Sax", None)),
    ],
)
def test_what_names_say_of_the_program(name: str, program: int | None) -> None:
    """Choirs have an alto and a basso too: what may be a voice does not get a string's program."""
    assert STRING_QUARTET.program_by_name(name) == program


@pytest.mark.parametrize(
    ("name", "number"),
    [
        *(("Violin 8", 8), ("Violin 9", None), ("Violin A", 1), ("Violin B", 2), ("Violin C", 3), ("Violin D", 4)),
        *(("Violin E", None), ("Violin", None), ("Violin 1 & 2", 0), ("1 & 2 Violin", 0), ("Violin 1, Violin 2", 0)),
        *(
            ("Track 2 Violin", None),
            ("No. 2 Violin", 2),
            ("Quartet No. 2 Violin", None),
            ("First Movement Violin", None),
        ),
        *(
            ("First Violin", 1),
            ("Violin first movement", None),
            ("Violin 1, solo movement", 1),
            ("Violin solo 2", 2),
            ("Violin op. 2", None),
        ),
    ],
)
def test_which_player_a_name_says(name: str, number: int | None) -> None:
    reading = STRING_QUARTET.read_name(name)
    assert (reading.instrument, reading.number) == (instrument_names.VIOLIN, number)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        # One letter wrong, at the begin, amidst and at the end; missing; too many; two that changed places.
        *(("Vuolin 1", "violin_1"), ("Viodin 1", "violin_1"), ("Violim 2", "violin_2"), ("Vilin 1", "violin_1")),
        *(("Violiin 2", "violin_2"), ("Violink 2", "violin_2"), ("Vioiln 1", "violin_1"), ("Violni 1", "violin_1")),
        # Two slips are too many, and the first letter has to be right.
        *(("Vuodin 1", None), ("Vuolim 1", None), ("Viliin 1", None), ("Violinkk 1", None), ("Kiolin 1", None)),
        *(("Vxlin 1", None), ("Vioxyin 1", None)),
        *(("Vioiln I", "violin_1"), ("Quartet Violoncelllo", "cello"), ("Violoncelllo Sonata", None)),
        # Beside a name that is right, what is almost one says nothing.
        ("Viola Viodin", "viola"),
        ("Viola (alto clef) Viodin", "viola"),
    ],
)
def test_a_long_name_is_known_with_one_slip_of_the_pen(name: str, part: str | None) -> None:
    assert STRING_QUARTET.part_by_name(name) == part


@pytest.mark.parametrize(
    ("name", "part"),
    [("Viola Einhorn", "viola"), ("Viola Kinderorgel", None), ("Viola Kinderpiano", None), ("Viola Orgel", None)],
)
def test_a_composed_word_is_an_instruments_only_if_its_end_is_a_long_name(name: str, part: str | None) -> None:
    assert STRING_QUARTET.part_by_name(name) == part


@pytest.mark.parametrize(
    "name",
    [
        *("", "V", "Anna", "V Anna", "Violin Sonata", "Old Cello Sonata", "Viola Concerto"),
        # Without a number it may be violas or violins, and it is no slip of the pen.
        "Violen",
    ],
)
def test_what_says_nothing(name: str) -> None:
    reading = STRING_QUARTET.read_name(name)
    assert (reading.instrument, reading.number) == (None, None)
    assert (reading.is_clear, reading.is_other, reading.is_voice) == (True, False, False)


@pytest.mark.parametrize(
    ("name", "is_other", "is_voice"),
    [("Alto Anna", False, True), ("Tenor Violin", False, True), ("Viola & Piano", True, False)],
)
def test_what_says_something_else(name: str, is_other: bool, is_voice: bool) -> None:
    reading = STRING_QUARTET.read_name(name)
    assert (reading.instrument, reading.is_other, reading.is_voice) == (None, is_other, is_voice)


def told(*names: str) -> list[str]:
    """The parts that the names of one file may mean, joined by a stroke."""
    return ["|".join(STRING_QUARTET.parts_of(reading)) for reading in STRING_QUARTET.read_names(names)]


OPEN = "violin_1|violin_2"


@pytest.mark.parametrize(
    ("names", "parts"),
    [
        (("1 Violin", "2 Violin", "3 Viola", "4 Cello"), [OPEN, OPEN, "viola", "cello"]),
        (("1 Cello", "2 Viola", "3 Violin", "4 Violin"), ["cello", "viola", OPEN, OPEN]),
        (("Track 2 Violin", "Track 3 Violin", "Track 4 Viola", "Track 5 Cello"), [OPEN, OPEN, "viola", "cello"]),
        (("Violin 1", "Violin 2", "Viola 3", "Cello 4"), [OPEN, OPEN, "viola", "cello"]),
        (("2: Violin II", "3: Violin I", "4: Viola", "5: Cello"), ["violin_2", "violin_1", "viola", "cello"]),
        (("1 Violin", "2 Violin", "Viola", "Cello"), ["violin_1", "violin_2", "viola", "cello"]),
        (("Quartet 2 Violin", "Quartet 2 Violin", "Quartet 2 Viola"), [OPEN, OPEN, "viola"]),
        (("Piano Quintet: Violin 2", "Piano Quintet: Viola", "Piano Quintet: Piano"), ["violin_2", "viola", ""]),
        (("Violin 2, Op. 1", "Viola, Op. 1"), ["violin_2", "viola"]),
        (("Soprano Violin 1", "Soprano Viola"), ["violin_1", "viola"]),
        (("1 Violin", "2 Viola", "3 Cello"), [OPEN, "viola", "cello"]),
        (("1 Violin", "2 Violin"), ["violin_1", "violin_2"]),
        (("Violin 1, Soprano", "Viola, Soprano", "Cello, Soprano"), ["violin_1", "viola", "cello"]),
        (("Violin 1", "Violin 1"), ["violin_1", "violin_1"]),
        # What all begin or end with is an instrument's: each has two.
        (("Violin 1, Viola", "Cello, Viola"), ["", ""]),
        (("Viola, Violin 1", "Viola, Violin 2"), ["", ""]),
        (("Violin, Viola", "Violin, Bratsche"), ["", ""]),
        (("Violin, Soprano 1", "Viola, Soprano 1"), [OPEN, "viola"]),
        (("Treble Violin 1", "Treble Viola"), ["violin_1", "viola"]),
        (("Tenor Violin 1", "Tenor Viola"), ["violin_1", "viola"]),
        # Without what they share, one of them would say nothing.
        (("First Violin", "First Anna"), ["violin_1", ""]),
        (("Quartet", "Quartet Violin 1"), ["", "violin_1"]),
        (("Quartet", "Violin 1, Quartet"), ["", "violin_1"]),
        (("Quartet", "Quartet: Violin 1, Quartet"), ["", "violin_1"]),
        (("", "Track", "Violin 1"), ["", "", "violin_1"]),
    ],
)
def test_numbers_and_titles_that_all_tracks_have_say_nothing(names: tuple[str, ...], parts: list[str]) -> None:
    assert told(*names) == parts


@pytest.mark.parametrize(
    ("names", "parts"),
    [
        (("Violon 1", "Violon 2", "Alto", "Violoncelle"), ["violin_1", "violin_2", "viola", "cello"]),
        (("Violino I", "Violino II", "Viola", "Basso"), ["violin_1", "violin_2", "viola", "cello"]),
        (("Soprano", "Alto", "Tenor", "Bass"), [""] * 4),
        (("Сопрано", "Альт", "Тенор", "Бас"), [""] * 4),
        (("Soprano", "Alto", "Tenore", "Basso"), [""] * 4),
        (("Soprano", "Alto", "Violin 1", "Cello"), ["", "", "violin_1", "cello"]),
        (("Violin 1", "Viola", "Cello", "Basso"), ["violin_1", "viola", "cello", ""]),
        (("Violin 1", "Alto", "Viola", "Cello"), ["violin_1", "", "viola", "cello"]),
        (("Alto", "Piano"), ["", ""]),
        (("V", "V", "Alto", "Vc"), ["", "", "viola", "cello"]),
    ],
)
def test_an_alto_among_voices_is_no_viola_and_a_basso_beside_a_cello_none(
    names: tuple[str, ...], parts: list[str]
) -> None:
    assert told(*names) == parts


def test_the_instrument_that_all_names_begin_with_is_said_by_each() -> None:
    # What is left without it would say something, too.
    assert told("Violino, treble clef, 1", "Violino, alto clef, 2") == ["violin_1", "violin_2"]
    assert told("Viola, treble clef, solo", "Viola, alto clef, tutti") == ["viola", "viola"]


def test_the_word_clef_is_kept_where_all_names_end_with_it() -> None:
    # `Viola, alto` would name a voice beside it.
    assert told("Violin 1, treble clef", "Violin 2, treble clef", "Viola, alto clef", "Cello, bass clef") == [
        *("violin_1", "violin_2"),
        *("viola", "cello"),
    ]
    assert told("Violin 1, treble clef", "Violin 2, alto clef") == ["violin_1", "violin_2"]


def test_no_name_is_in_two_tables() -> None:
    """Of two tables that hold a name, one would never be asked."""
    players = instrument_names.VIOLIN, instrument_names.VIOLA, instrument_names.CELLO
    more = instrument_names.OTHER_INSTRUMENTS, instrument_names.VOICES
    every = [name for of in players for name in track_names.kinds(of)]
    every += [name for of in more for name in dict.fromkeys(track_names.listed(of))]
    assert [name for name, count in Counter(every).items() if count > 1] == []


@given(st.text())
def test_whatever_a_track_is_called_is_read(name: str) -> None:
    assert STRING_QUARTET.part_by_name(name) in {*PARTS, None}
    assert len(STRING_QUARTET.read_names([name, "1 Violin", name])) == 3
